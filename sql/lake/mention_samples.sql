-- Purpose: the mentions of one point of a chart, or of one naming rule, the loudest and newest first.
-- Parameters: first_dt, last_dt, starts_at, ends_at: as in credit.sql; names (the spellings that the point goes by); posts (keys of the own posts
--   that stand for it where a mention has no such name); places (of the rules that do); rule_count, rule_leads, rule_hashtags,
--   rule_keywords, rule_posts, rule_starts, rule_ends, post_pattern: as in campaign_mentions.sql; most (number of rows); @dimension.
-- Grain: one row a mention, with the place of the rule that decides about it, where it has no such name.
with rules as (
    select
        place,
        element_at(array[cast(:rule_leads as varchar)], place) as lead_word,
        element_at(array[cast(:rule_hashtags as varchar)], place) as hashtag,
        element_at(array[cast(:rule_keywords as varchar)], place) as keyword,
        element_at(array[cast(:rule_posts as varchar)], place) as own_post,
        element_at(array[cast(:rule_starts as timestamp)], place) as starts_at,
        element_at(array[cast(:rule_ends as timestamp)], place) as ends_at
    from unnest(sequence(1, greatest(cast(:rule_count as bigint), 1))) as numbered (place)
),
near as (
    select
        mention_id, occurred_at, account, platform, campaign, author, text, sentiment, mentions, engagements, url, post,
        @dimension is null as nameless,
        regexp_replace(coalesce(post, ''), cast(:post_pattern as varchar), '') as post_key
    from mentions
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and occurred_at >= cast(:starts_at as timestamp) and occurred_at < cast(:ends_at as timestamp)
        and (@dimension is null or @dimension in (cast(:names as varchar)))
),
worded as (
    select
        mention_id, occurred_at,
        regexp_extract_all(lower(coalesce(text, '')), '[\p{L}\p{M}\p{N}_]+')
            || regexp_extract_all(lower(coalesce(text, '')), '#[\p{L}\p{M}\p{N}_]+')
            || array[
                chr(31) || post_key,
                chr(31) || regexp_replace(coalesce(url, ''), cast(:post_pattern as varchar), '')
            ] as words
    from near
    where nameless and cast(:rule_count as bigint) > 0
),
said as (
    select mention_id, occurred_at, words, ' ' || array_join(words, ' ') || ' ' as said
    from worded
),
decided as (
    select s.mention_id, min(r.place) as rule
    from said s
    cross join unnest(s.words) as spoken (word)
    join rules r on r.lead_word = spoken.word
    where strpos(s.said, r.hashtag) > 0 and strpos(s.said, r.keyword) > 0 and strpos(s.said, r.own_post) > 0
        and s.occurred_at >= r.starts_at and s.occurred_at < r.ends_at
    group by s.mention_id
),
ranked as (
    select
        n.*, d.rule,
        row_number() over (order by coalesce(n.engagements, 0) desc, n.mentions desc, n.occurred_at desc, n.mention_id) as place
    from near n
    left join decided d on d.mention_id = n.mention_id
    where not n.nameless or n.post_key in (cast(:posts as varchar)) or d.rule in (cast(:places as bigint))
)
select occurred_at, account, platform, campaign, author, text, sentiment, mentions, engagements, url, post, rule
from ranked
where place <= cast(:most as bigint)
order by place
