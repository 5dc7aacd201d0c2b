-- Purpose: credit as in credit.sql, under rule-based models that ask how long before the conversion a touch was.
-- Parameters: those of credit.sql; @weights, a model's weight of a touch over age_ms, last_age_ms and position_from_last, and @total, the sum over a
--   journey's touches by which its weights are divided.
-- Grain: that of credit.sql.
with totals as (
    select journey_number, @total as total
    from members
    group by journey_number
),
credited as (
    select
        @slice as slice, name, currency, coalesce(revenue < 0, false) as refund, coalesce(cast(revenue as double), 0e0) as revenue,
        cast(@weights as double) / total as credit
    from members m
    join totals t on t.journey_number = m.journey_number
    where reported_at >= cast(:starts_at as timestamp) and reported_at < cast(:ends_at as timestamp)
),
summed as (
    select slice, name, currency, refund, sum(credit) as conversions, sum(credit * revenue) as revenue
    from credited
    group by 1, 2, 3, 4
)
select
    slice, name, currency,
    sum(case when refund then 0e0 else conversions end) as attributed_conversions,
    sum(revenue) as attributed_revenue
from summed
group by 1, 2, 3
order by 1, 2, 3
