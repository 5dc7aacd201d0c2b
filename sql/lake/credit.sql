-- Purpose: credit of each touch under rule-based models and one look-back window, summed by slice and name.
-- Parameters: those of the members (parts/members.sql or parts/members_anew.sql); starts_at, ends_at (instants, end exclusive); @slice (what rows
--   are summed by beside the name: whole, day, bucket); @weights and @total, a model's weight of a touch over its columns and what a journey's
--   weights are divided by, with the model's own parameters. What is made of them is repeated for each model that is asked.
-- Grain: one row a (slice, name, currency), a column of conversions and one of revenue a model. Credit of a conversion sums to 1; a refund (negative
--   revenue) counts no conversion.
with journeys_of_touches as (
    select
        journey_number, max(position_from_last) as touches,
        min(case when not direct then position_from_last end) as last_non_direct_position,
        max(case when milestone = 'lead' then position_from_last end) as lead_from_last,
        max(case when milestone = 'opportunity' then position_from_last end) as opportunity_from_last,
        @total as total
    from members
    group by journey_number
),
placed as (
    select
        m.reported_at, m.bucket, m.name, m.currency, m.revenue, m.age_ms, m.last_age_ms, m.position_from_last, m.direct,
        j.touches - m.position_from_last + 1 as position_from_first, j.touches, j.last_non_direct_position,
        j.touches - j.lead_from_last + 1 as lead_position, j.touches - j.opportunity_from_last + 1 as opportunity_position,
        total
    from members m
    join journeys_of_touches j on j.journey_number = m.journey_number
),
credited as (
    select
        @slice as slice, name, currency, revenue < 0 as refund, coalesce(cast(revenue as double), 0e0) as revenue,
        cast(@weights as double) / total as credit
    from placed
    where reported_at >= cast(:starts_at as timestamp) and reported_at < cast(:ends_at as timestamp)
)
select
    slice, name, currency,
    sum(case when refund then 0e0 else credit end) as attributed_conversions,
    sum(credit * revenue) as attributed_revenue
from credited
group by 1, 2, 3
order by 1, 2, 3
