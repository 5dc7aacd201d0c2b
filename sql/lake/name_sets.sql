-- Purpose: which names stand in journeys, whatever their order: all that Shapley values and participation ask.
-- Parameters: those of the members; starts_at, ends_at; @slice.
-- Grain: one row a (slice, set of names joined by the unit separator, currency). A refund counts no conversion, and no journey.
select
    @slice as slice, name_set, currency,
    cast(sum(case when converted and coalesce(revenue, 0) >= 0 then 1 else 0 end) as bigint) as conversions,
    cast(sum(case when coalesce(revenue, 0) >= 0 then 1 else 0 end) as bigint) as journeys,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from members
where is_first and reported_at >= cast(:starts_at as timestamp) and reported_at < cast(:ends_at as timestamp)
group by 1, 2, 3
order by 1, 2, 3
