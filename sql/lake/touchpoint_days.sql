-- Purpose: on which days touchpoints arrived, so that a conversion of a day without any can be told apart.
-- Parameters: first_dt, last_dt, starts_at, ends_at, zone_breaks, zone_offsets: as in credit.sql.
-- Grain: one row a day that has touchpoints.
with placed as (
    select
        occurred_at,
        cast(element_at(
            array[cast(:zone_offsets as bigint)], 1 + cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= occurred_at))
        ) as bigint) as zone_offset
    from touchpoints
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and occurred_at >= cast(:starts_at as timestamp) and occurred_at < cast(:ends_at as timestamp)
)
select date_format(date_add('second', zone_offset, occurred_at), '%Y-%m-%d') as day, count(*) as row_count
from placed
group by 1
order by 1
