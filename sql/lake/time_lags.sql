-- Purpose: how long people took from the first touch to the conversion.
-- Parameters: those of the members; @slice.
-- Grain: one row a (slice, whole days of 24 hours, currency). A refund counts no conversion.
select
    @slice as slice, cast(floor(cast(age_ms as double) / 86400000e0) as bigint) as days, currency,
    cast(sum(case when refund then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from members
where is_first and reported
group by 1, 2, 3
order by 1, 2, 3
