-- Purpose: which names stand in journeys, whatever their order: all that Shapley values and participation ask.
-- Parameters: those of the members; @slice.
-- Grain: one row a (slice, set of names joined by the record separator, currency). A refund counts no conversion, and no journey.
select
    @slice as slice, name_set, currency,
    cast(sum(case when converted and not refund then 1 else 0 end) as bigint) as conversions,
    cast(sum(case when refund then 0 else 1 end) as bigint) as journeys,
    coalesce(cast(sum(revenue) as double), 0e0) as revenue
from members
where is_first and reported
group by 1, 2, 3
order by 1, 2, 3
