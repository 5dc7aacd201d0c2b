-- Purpose: mentions and their sentiment, summed by day and campaign; where a mention names none, by what its text, its address or its own post
--   say instead: the first of the naming rules that holds, and the own post.
-- Parameters: first_dt, last_dt, starts_at, ends_at, zone_breaks, zone_offsets: as in credit.sql; rule_count (0: no rules), and one value a rule,
--   the most exact first: rule_leads (a word without which it cannot hold), rule_hashtags, rule_keywords, rule_posts (words as they stand in
--   what is said: between blanks), rule_starts, rule_ends (instants, end exclusive); post_pattern (what of a post's address is no part of its
--   key); known_posts (keys of own posts, some in each text, with unit separators between them: Athena takes 1,024 characters of a value).
-- Grain: one row a (day, campaign, rule, known post). rule (a place in the lists, from 1) and post (a key) are null where the mention names its
--   campaign; post is null for any other post too, so that there are never as many rows as posts that people talk about.
-- Notes: words are runs of letters, digits and underscores in lower case; a hashtag is one with its sign, a post one after the unit separator.
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
known as (
    select distinct post_key
    from unnest(array[cast(:known_posts as varchar)]) as packed (some_posts)
    cross join unnest(split(some_posts, chr(31))) as listed (post_key)
),
placed as (
    select
        mention_id, campaign, url, text, mentions, sentiment, occurred_at,
        case when campaign is null then regexp_replace(post, cast(:post_pattern as varchar), '') end as post_key,
        cast(element_at(
            array[cast(:zone_offsets as bigint)], 1 + cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= occurred_at))
        ) as bigint) as zone_offset
    from mentions
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and occurred_at >= cast(:starts_at as timestamp) and occurred_at < cast(:ends_at as timestamp)
),
worded as (
    select
        mention_id, occurred_at,
        regexp_extract_all(lower(coalesce(text, '')), '[\p{L}\p{M}\p{N}_]+')
            || regexp_extract_all(lower(coalesce(text, '')), '#[\p{L}\p{M}\p{N}_]+')
            || array[
                chr(31) || coalesce(post_key, ''),
                chr(31) || regexp_replace(coalesce(url, ''), cast(:post_pattern as varchar), '')
            ] as words
    from placed
    where campaign is null and cast(:rule_count as bigint) > 0
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
)
select
    date_format(date_add('second', p.zone_offset, p.occurred_at), '%Y-%m-%d') as day, p.campaign as name, d.rule,
    k.post_key as post,
    cast(sum(p.mentions) as bigint) as mentions,
    cast(sum(case when p.sentiment = 'positive' then p.mentions else 0 end) as bigint) as positive,
    cast(sum(case when p.sentiment = 'neutral' then p.mentions else 0 end) as bigint) as neutral,
    cast(sum(case when p.sentiment = 'negative' then p.mentions else 0 end) as bigint) as negative
from placed p
left join decided d on d.mention_id = p.mention_id
left join known k on k.post_key = p.post_key
group by 1, 2, 3, 4
order by 1, 2, 3, 4
