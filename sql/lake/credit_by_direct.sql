-- Purpose: credit as in credit.sql, under rule-based models that ask which touches of the journey are direct.
-- Parameters: those of the members; @slice (whole, day, day_pair, bucket); @credit, a model's credit of a touch over position_from_last and
--   last_non_direct_position (from the last; null where the last touch is not direct, and where all are).
-- Grain: that of credit.sql.
with led_by_direct as (
    select journey_number
    from members
    where direct and position_from_last = 1
),
marks as (
    select journey_number, min(case when not direct then position_from_last end) as last_non_direct_position
    from members
    where journey_number in (select journey_number from led_by_direct)
    group by journey_number
),
credited as (
    select @slice as slice, own_name, currency, refund, cast(revenue as double) as revenue, cast(@credit as double) as credit
    from members m
    left join marks k on k.journey_number = m.journey_number
    where reported
)
select
    slice, coalesce(own_name, '') as name, currency,
    sum(case when refund then 0e0 else credit end) as attributed_conversions,
    sum(coalesce(revenue, 0e0) * credit) as attributed_revenue
from credited
group by 1, 2, 3
order by 1, 2, 3
