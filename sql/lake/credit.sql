-- Purpose: credit of each touch under rule-based models, summed by slice and name.
-- Parameters: those of the members (parts/members.sql or parts/members_anew.sql); @slice (what rows are summed by beside the name: whole, day,
--   day_pair, bucket); @credit_by_place (a model's credit of a touch by where it stands in its journey, over touches, position_from_first, position_from_last,
--   last_non_direct_position, lead_position and opportunity_position, with the model's own parameters); @credit_by_age (by how long before the
--   conversion it was, over last_age_ms, gap_ms, and the total of its rule's weights or else touches, gap_2_ms to gap_8_ms and further_weight); @lead, @opportunity, @last_non_direct (the
--   columns of those marks, or null where no model asks).
-- Grain: one row a (slice, name, currency), a column of conversions and one of revenue a model. Credit of a conversion sums to 1; a refund (negative
--   revenue) counts no conversion.
-- Notes: what is made of a model's credit is repeated for each model that has it. Touches are counted by where they stand before any credit by place is worked out, so that another such model costs next to nothing.
with aged as (
    select
        bucket, reported_at, age_ms, own_name, currency, refund, revenue, touches, position_from_last,
        lead_from_last, opportunity_from_last, last_non_direct_position, cast(@credit_by_age as double) as credit
    from members m
    left join marks k on k.journey_number = m.journey_number
    where reported
),
placed as (
    select
        @slice as slice, own_name, currency, refund, touches, position_from_last,
        @lead as lead_from_last, @opportunity as opportunity_from_last, @last_non_direct as last_non_direct_position,
        count(*) as row_count, sum(revenue) as revenue_sum, sum(credit) as credit, sum(credit * cast(revenue as double)) as earned
    from aged
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),
faced as (
    select
        slice, coalesce(own_name, '') as name, currency, refund, row_count, coalesce(cast(revenue_sum as double), 0e0) as revenue_sum, credit, earned,
        touches, position_from_last, last_non_direct_position, touches - position_from_last + 1 as position_from_first,
        touches - lead_from_last + 1 as lead_position, touches - opportunity_from_last + 1 as opportunity_position
    from placed
),
weighed as (
    select slice, name, currency, refund, row_count, revenue_sum, credit, earned, cast(@credit_by_place as double) as share
    from faced
),
credited as (
    select
        slice, name, currency, refund, credit as conversions, coalesce(earned, 0e0) as revenue,
        row_count * share as conversions, revenue_sum * share as revenue
    from weighed
)
select
    slice, name, currency,
    sum(case when refund then 0e0 else conversions end) as attributed_conversions,
    sum(revenue) as attributed_revenue
from credited
group by 1, 2, 3
order by 1, 2, 3
