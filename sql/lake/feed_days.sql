-- Purpose: how many rows each source of the lake has a day, and how many of them name nobody.
-- Parameters: first_dt, last_dt, starts_at, ends_at, zone_breaks, zone_offsets: as in credit.sql.
-- Grain: one row a (source, day) that has rows. refunds count no conversion; without_person is 0 for mentions, which name no person.
with events as (
    select 'mentions' as source, occurred_at, 0 as refund, 0 as without_person
    from mentions
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
    union all
    select 'touchpoints', occurred_at, 0, case when person is null then 1 else 0 end
    from touchpoints
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
    union all
    select 'conversions', occurred_at, case when revenue < 0 then 1 else 0 end, case when person is null then 1 else 0 end
    from conversions
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
),
placed as (
    select
        *,
        cast(element_at(
            array[cast(:zone_offsets as bigint)], 1 + cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= occurred_at))
        ) as bigint) as zone_offset
    from events
    where occurred_at >= cast(:starts_at as timestamp) and occurred_at < cast(:ends_at as timestamp)
)
select
    source,
    date_format(date_add('second', zone_offset, occurred_at), '%Y-%m-%d') as day,
    count(*) as row_count,
    cast(sum(refund) as bigint) as refunds,
    cast(sum(without_person) as bigint) as without_person
from placed
group by 1, 2
order by 1, 2
