-- Purpose: how many touches journeys have.
-- Parameters: those of the members, of which with_unconverted (journeys without conversion count as well); starts_at, ends_at (instants, end exclusive);
--   most (touches from which on journeys are counted as one length); @slice.
-- Grain: one row a (slice, touches, currency). A refund counts no conversion, and no journey.
select
    @slice as slice, least(position_from_last, cast(:most as bigint)) as touches, currency,
    cast(sum(case when converted and coalesce(revenue, 0) >= 0 then 1 else 0 end) as bigint) as conversions,
    cast(sum(case when coalesce(revenue, 0) >= 0 then 1 else 0 end) as bigint) as journeys,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from members
where is_first and reported_at >= cast(:starts_at as timestamp) and reported_at < cast(:ends_at as timestamp)
group by 1, 2, 3
order by 1, 2, 3
