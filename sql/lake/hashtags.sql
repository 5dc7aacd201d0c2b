-- Purpose: the hashtags of mentions that name no campaign.
-- Parameters: most (number of rows).
-- Grain: one row a hashtag, in lower case with its sign, with the mentions that have it, the most frequent first.
with tagged as (
    select mentions, array_distinct(regexp_extract_all(lower(text), '#[\p{L}\p{M}\p{N}_]+')) as hashtags
    from mentions
    where campaign is null and text like '%#%'
),
counted as (
    select hashtag, cast(sum(mentions) as bigint) as mentions
    from tagged
    cross join unnest(hashtags) as used (hashtag)
    group by 1
),
ranked as (
    select *, row_number() over (order by mentions desc, hashtag) as place
    from counted
)
select hashtag, mentions
from ranked
where place <= cast(:most as bigint)
order by place
