-- Purpose: credit as in credit.sql, by bucket of people: there are too many of these to count touches by where they stand first.
-- Parameters: those of the members; @credit, a model's credit of a touch over all that credit.sql has for it.
-- Grain: one row a (slice, name, currency); slice is the bucket.
with faced as (
    select
        bucket as slice, own_name, currency, refund, cast(revenue as double) as revenue, age_ms, last_age_ms, gap_ms,
        gap_2_ms, gap_3_ms, gap_4_ms, gap_5_ms, gap_6_ms, gap_7_ms, gap_8_ms, further_weight, time_decay_total, hyperbolic_decay_total,
        touches, position_from_last, last_non_direct_position, touches - position_from_last + 1 as position_from_first,
        touches - lead_from_last + 1 as lead_position, touches - opportunity_from_last + 1 as opportunity_position
    from members m
    left join marks k on k.journey_number = m.journey_number
    where reported
),
credited as (
    select slice, own_name, currency, refund, revenue, cast(@credit as double) as credit
    from faced
)
select
    slice, coalesce(own_name, '') as name, currency,
    sum(case when refund then 0e0 else credit end) as attributed_conversions,
    sum(coalesce(revenue, 0e0) * credit) as attributed_revenue
from credited
group by 1, 2, 3
order by 1, 2, 3
