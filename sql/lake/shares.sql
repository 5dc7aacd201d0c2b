-- Purpose: ordered Shapley values: a conversion is split evenly over the names of its journey, and each name's part over that name's touches.
-- Parameters: those of the members; @slice.
-- Grain: one row a (slice, name, currency, position_from_first). A refund counts no conversion.
with named as (
    select journey_number, name, count(*) as touches_of_name
    from members
    group by journey_number, name
),
journeys_of_names as (
    select journey_number, count(*) as names, sum(touches_of_name) as touches
    from named
    group by journey_number
),
credited as (
    select
        @slice as slice, m.name, m.currency, m.refund, coalesce(cast(m.revenue as double), 0e0) as revenue,
        j.touches - m.position_from_last + 1 as position_from_first,
        1e0 / (j.names * n.touches_of_name) as credit
    from members m
    join named n on n.journey_number = m.journey_number and n.name is not distinct from m.name
    join journeys_of_names j on j.journey_number = m.journey_number
    where m.reported
)
select
    slice, name, currency, cast(position_from_first as bigint) as position_from_first,
    sum(case when refund then 0e0 else credit end) as attributed_conversions,
    sum(credit * revenue) as attributed_revenue
from credited
group by 1, 2, 3, 4
order by 1, 2, 3, 4
