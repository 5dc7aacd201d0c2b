-- Purpose: the touches that count, as the journeys table holds them: consented ones of all channels, within one look-back window.
-- Parameters: first_dt, last_dt (UTC days of the anchors, varchar); anchored_from, anchored_to (instants, end exclusive; null where those days say it
--   all); with_unconverted (journeys without conversion as well); conversion_type (null: all); first_conversion (only the first one of each
--   person); buckets (only people of the buckets below this number); by_touch_date (report a touch on its own day instead of its conversion's);
--   starts_at, ends_at (instants, end exclusive: what is reported); direct_channels (names that mean no channel); @channel (the column that tells
--   a touch's channel); @last (the one that tells that of the journey's last touch); @dimension (what a touch is credited to; what names nothing
--   is ''); lookback_ms (the window); @within (whether a touch is within the window); @first (whether it is the oldest one within it); @touches (a
--   journey's touches within it); @time_decay_total, @hyperbolic_decay_total (what their weights sum to under these rules with their default
--   parameters; null where no row tells).
-- Grain: one row a (journey, touch). is_first marks the oldest touch in the window; name is the touch's value of @dimension; next_name
--   that of the touch that follows, transition (_2, _3) this one and those that follow, and name_set those from here to the last touch,
--   which hold only where @dimension is channel. own_name is the name, but null where there is none, which groups faster; touches are
--   those of the journey; gap_ms is the age less that of the last touch, gap_2_ms to gap_8_ms those of the journey's second to eighth
--   touch from the last, which hold where it has so many; last_is_direct tells of the journey's last touch (that it may be, where rows
--   were made before they told); reported tells whether the touch is reported.
with long as (
    select journey_number, max(position_from_last) as touches
    from journeys
    where position_from_last > 8
        and dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and age_ms <= cast(:lookback_ms as bigint)
    group by journey_number
)
select
    j.journey_number, journey_id, converted, bucket, revenue, refund, currency,
    case when cast(:by_touch_date as boolean) then touched_at else anchored_at end as reported_at,
    case
        when cast(:by_touch_date as boolean) then touched_at >= cast(:starts_at as timestamp) and touched_at < cast(:ends_at as timestamp)
        else true
    end as reported,
    touchpoint_id, age_ms, last_age_ms, age_ms - last_age_ms as gap_ms, position_from_last,
    gap_2_ms, gap_3_ms, gap_4_ms, gap_5_ms, gap_6_ms, gap_7_ms, gap_8_ms,
    @time_decay_total as time_decay_total, @hyperbolic_decay_total as hyperbolic_decay_total,
    @first as is_first,
    coalesce(@channel in (cast(:direct_channels as varchar)), false) as direct,
    coalesce(@last in (cast(:direct_channels as varchar)), marked is null) as last_is_direct, milestone, marked,
    @dimension as own_name, coalesce(@dimension, '') as name, @touches as touches,
    next_channel as next_name, channel_set as name_set, transition, transition_2, transition_3
from journeys j
left join long l on l.journey_number = j.journey_number
where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
    and (cast(:anchored_from as timestamp) is null or anchored_at >= cast(:anchored_from as timestamp))
    and (cast(:anchored_to as timestamp) is null or anchored_at < cast(:anchored_to as timestamp))
    and (cast(:buckets as bigint) >= 1024 or bucket < cast(:buckets as bigint))
    and (converted or cast(:with_unconverted as boolean))
    and (not converted or cast(:conversion_type as varchar) is null or type = cast(:conversion_type as varchar))
    and (not converted or not cast(:first_conversion as boolean) or person_conversion = 1)
    and @within
