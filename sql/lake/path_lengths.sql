-- Purpose: how many touches journeys have.
-- Parameters: those of the members, of which with_unconverted (journeys without conversion count as well);
--   most (touches from which on journeys are counted as one length); @slice.
-- Grain: one row a (slice, touches, currency). A refund counts no conversion, and no journey.
select
    @slice as slice, least(position_from_last, cast(:most as bigint)) as touches, currency,
    cast(sum(case when converted and not refund then 1 else 0 end) as bigint) as conversions,
    cast(sum(case when refund then 0 else 1 end) as bigint) as journeys,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from members
where is_first and reported
group by 1, 2, 3
order by 1, 2, 3
