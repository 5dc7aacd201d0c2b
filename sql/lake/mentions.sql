-- Purpose: mentions and their sentiment, summed by day and dimension.
-- Parameters: first_dt, last_dt, starts_at, ends_at, zone_breaks, zone_offsets: as in credit.sql; @dimension.
-- Grain: one row a (day, dimension); a row of the feed counts as many mentions as it says. Mentions that name no such thing have a null name.
with placed as (
    select
        @dimension as name, mentions, sentiment, occurred_at,
        cast(element_at(
            array[cast(:zone_offsets as bigint)], 1 + cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= occurred_at))
        ) as bigint) as zone_offset
    from mentions
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and occurred_at >= cast(:starts_at as timestamp) and occurred_at < cast(:ends_at as timestamp)
)
select
    date_format(date_add('second', zone_offset, occurred_at), '%Y-%m-%d') as day, name,
    cast(sum(mentions) as bigint) as mentions,
    cast(sum(case when sentiment = 'positive' then mentions else 0 end) as bigint) as positive,
    cast(sum(case when sentiment = 'neutral' then mentions else 0 end) as bigint) as neutral,
    cast(sum(case when sentiment = 'negative' then mentions else 0 end) as bigint) as negative
from placed
group by 1, 2
order by 1, 2
