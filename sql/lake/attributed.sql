-- Purpose: what there is to give credit for: conversions with at least one touch that counts, and their revenue.
-- Parameters: those of the members; @slice.
-- Grain: one row a (slice, currency). A refund counts no conversion.
select
    @slice as slice, currency,
    cast(sum(case when refund then 0 else 1 end) as bigint) as conversions, coalesce(cast(sum(revenue) as double), 0e0) as revenue
from members
where is_first and reported
group by 1, 2
order by 1, 2
