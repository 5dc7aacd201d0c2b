-- Purpose: conversions and their revenue, and why those without credit have none.
-- Parameters: those of what is told (parts/told.sql or parts/told_anew.sql); @slice.
-- Grain: one row a (slice, conversion type, currency, reason). reason is null for attributed conversions. A refund counts no conversion.
select
    @slice as slice, type, currency, reason,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    coalesce(cast(sum(revenue) as double), 0e0) as revenue
from told
group by 1, 2, 3, 4
order by 1, 2, 3, 4
