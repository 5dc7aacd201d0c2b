-- Purpose: which names stand in the journeys of conversions, whatever their order: all that Shapley values and participation ask.
-- Parameters: those of the members; starts_at, ends_at; @slice.
-- Grain: one row a (slice, set of names joined by the unit separator, currency). A refund counts no conversion.
select
    @slice as slice, name_set, currency,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from members
where is_first and converted and reported_at >= cast(:starts_at as timestamp) and reported_at < cast(:ends_at as timestamp)
group by 1, 2, 3
order by 1, 2, 3
