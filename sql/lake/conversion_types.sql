-- Purpose: the types and currencies of conversions there are.
-- Parameters: none.
-- Grain: one row a (type, currency), with conversions (refunds not counted) and revenue.
select
    type, currency,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from conversions
group by 1, 2
order by 1, 2
