-- Purpose: credit of each touchpoint under one model and one look-back window, summed by day and dimension.
-- Parameters: first_dt, last_dt (UTC days of the conversions, varchar); starts_at, ends_at (instants, end exclusive); zone_breaks, zone_offsets
--   (instants at which the reporting zone's offset changes, and the offsets in seconds, one more than breaks); lookback_ms; conversion_type
--   (null: all); left_out_channels (not part of the model); direct_channels (names that mean no channel); @channel (the column that tells
--   a touch's channel: channel, or origin where naming rules ask for more); @dimension; @weights, the model's weight
--   of a touch over its columns, with the model's own parameters.
-- Grain: one row a (day of the conversion, dimension, currency). Credit of a conversion sums to 1; a refund (negative revenue) counts no conversion.
with counted as (
    select
        journey_id, anchored_at, revenue, currency, touchpoint_id, age_ms, @dimension as name,
        @channel in (cast(:direct_channels as varchar)) as direct,
        cast(element_at(
            array[cast(:zone_offsets as bigint)], 1 + cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= anchored_at))
        ) as bigint) as zone_offset
    from journeys
    where converted
        and dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and anchored_at >= cast(:starts_at as timestamp) and anchored_at < cast(:ends_at as timestamp)
        and age_ms <= cast(:lookback_ms as bigint)
        and (cast(:conversion_type as varchar) is null or type = cast(:conversion_type as varchar))
        and not coalesce(@channel in (cast(:left_out_channels as varchar)), false)
),
placed as (
    select
        *,
        row_number() over (partition by journey_id order by age_ms, touchpoint_id desc) as position_from_last,
        count(*) over (partition by journey_id) as touches,
        min(age_ms) over (partition by journey_id) as last_age_ms
    from counted
),
faced as (
    select
        *,
        touches - position_from_last + 1 as position_from_first,
        min(case when not direct then position_from_last end) over (partition by journey_id) as last_non_direct_position
    from placed
),
weighed as (
    select *, cast(@weights as double) as weight
    from faced
),
credited as (
    select
        date_format(date_add('second', zone_offset, anchored_at), '%Y-%m-%d') as day, name, currency, revenue,
        weight / sum(weight) over (partition by journey_id) as credit
    from weighed
)
select
    day, name, currency,
    sum(case when revenue < 0 then 0e0 else credit end) as attributed_conversions,
    sum(credit * coalesce(cast(revenue as double), 0e0)) as attributed_revenue
from credited
group by 1, 2, 3
order by 1, 2, 3
