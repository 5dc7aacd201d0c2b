-- Purpose: the mentions of one point of a chart, the loudest and newest first.
-- Parameters: first_dt, last_dt, starts_at, ends_at: as in credit.sql; names (the spellings that the point goes by); most (number of rows); @dimension.
-- Grain: one row a mention.
with ranked as (
    select
        occurred_at, account, platform, campaign, author, text, sentiment, mentions, engagements, url,
        row_number() over (order by coalesce(engagements, 0) desc, mentions desc, occurred_at desc, mention_id) as place
    from mentions
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and occurred_at >= cast(:starts_at as timestamp) and occurred_at < cast(:ends_at as timestamp)
        and @dimension in (cast(:names as varchar))
)
select occurred_at, account, platform, campaign, author, text, sentiment, mentions, engagements, url
from ranked
where place <= cast(:most as bigint)
order by place
