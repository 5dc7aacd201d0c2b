-- Purpose: the touches that count where options change which do: their positions are worked out anew from journey rows.
-- Parameters: first_dt, last_dt, anchored_from, anchored_to, starts_at, ends_at, with_unconverted, conversion_type, first_conversion, buckets,
--   by_touch_date, direct_channels, @channel, @dimension: as in members.sql; lookback_ms, impression_lookback_ms (the window, and that of
--   touches of kind impression); left_out_channels (not part of the model);
--   redistribute_direct (direct touches count only in journeys that have no other); restart (a journey begins anew after a conversion);
--   collapse (touches of the same name in a row count as the last of them); respelled, spelled (stored values of @dimension that are
--   called as another one, and that other one); rare, with_rare (names, and whether only journeys with or only those without any of them count; null: all).
-- Grain: one row a (journey, touch), with the columns of members.sql; next_name, transition and name_set are
--   made as in journeys.sql, and hold for any @dimension.
with counted as (
    select
        *,
        coalesce(@channel in (cast(:direct_channels as varchar)), false) as direct,
        coalesce(element_at(map(array[cast(:respelled as varchar)], array[cast(:spelled as varchar)]), @dimension), @dimension, '') as name
    from journeys
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and (cast(:anchored_from as timestamp) is null or anchored_at >= cast(:anchored_from as timestamp))
        and (cast(:anchored_to as timestamp) is null or anchored_at < cast(:anchored_to as timestamp))
        and (cast(:buckets as bigint) >= 1024 or bucket < cast(:buckets as bigint))
        and (converted or cast(:with_unconverted as boolean))
        and (not converted or cast(:conversion_type as varchar) is null or type = cast(:conversion_type as varchar))
        and (not converted or not cast(:first_conversion as boolean) or person_conversion = 1)
        and age_ms <= case
            when kind = 'impression' then cast(:impression_lookback_ms as bigint) else cast(:lookback_ms as bigint)
        end
        and not coalesce(@channel in (cast(:left_out_channels as varchar)), false)
        and (not cast(:restart as boolean) or restart_age_ms is null or age_ms < restart_age_ms)
),
faced as (
    select *, bool_and(direct) over (partition by journey_number) as only_direct
    from counted
),
neighboured as (
    select *, lag(name) over (partition by journey_number order by age_ms, touchpoint_id desc) as newer_name
    from faced
    where not (cast(:redistribute_direct as boolean) and direct) or only_direct
),
kept as (
    select *, bool_or(coalesce(name in (cast(:rare as varchar)), false)) over (partition by journey_number) as has_rare
    from neighboured
    where not cast(:collapse as boolean) or newer_name is null or newer_name <> name
),
positioned as (
    select
        journey_number, journey_id, converted, bucket, revenue, refund, currency, anchored_at, touched_at, touchpoint_id, age_ms, direct, milestone, marked, name,
        row_number() over (partition by journey_number order by age_ms, touchpoint_id desc) as position_from_last,
        count(*) over (partition by journey_number) as touches,
        nth_value(age_ms, 2) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_2_ms,
        nth_value(age_ms, 3) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_3_ms,
        nth_value(age_ms, 4) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_4_ms,
        nth_value(age_ms, 5) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_5_ms,
        nth_value(age_ms, 6) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_6_ms,
        nth_value(age_ms, 7) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_7_ms,
        nth_value(age_ms, 8) over (
            partition by journey_number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_8_ms,
        first_value(age_ms) over (partition by journey_number order by age_ms, touchpoint_id desc) as last_age_ms,
        first_value(direct) over (partition by journey_number order by age_ms, touchpoint_id desc) as last_is_direct,
        lag(name) over (partition by journey_number order by age_ms, touchpoint_id desc) as next_name,
        chr(30) || lag(name, 2) over (partition by journey_number order by age_ms, touchpoint_id desc) as then_2,
        chr(30) || lag(name, 3) over (partition by journey_number order by age_ms, touchpoint_id desc) as then_3,
        chr(30) || chr(29) || case
            when converted then case when refund then 'refund' else 'conversion' end || chr(31) || coalesce(currency, '')
            else 'null'
        end as ending
    from kept
    where cast(:with_rare as boolean) is null or has_rare = cast(:with_rare as boolean)
)
select
    journey_number, journey_id, converted, bucket, revenue, refund, currency,
    case when cast(:by_touch_date as boolean) then touched_at else anchored_at end as reported_at,
    case
        when cast(:by_touch_date as boolean) then touched_at >= cast(:starts_at as timestamp) and touched_at < cast(:ends_at as timestamp)
        else true
    end as reported,
    touchpoint_id, age_ms, last_age_ms, age_ms - last_age_ms as gap_ms, position_from_last,
    age_2_ms - last_age_ms as gap_2_ms, age_3_ms - last_age_ms as gap_3_ms, age_4_ms - last_age_ms as gap_4_ms, age_5_ms - last_age_ms as gap_5_ms,
    age_6_ms - last_age_ms as gap_6_ms, age_7_ms - last_age_ms as gap_7_ms, age_8_ms - last_age_ms as gap_8_ms,
    position_from_last = touches as is_first, direct, last_is_direct, milestone, marked,
    name as own_name, name, touches, next_name,
    array_join(array_sort(array_distinct(array_agg(name) over (partition by journey_number))), chr(30)) as name_set,
    case when not refund or position_from_last = 1 then name || coalesce(chr(30) || next_name, ending) end as transition,
    case
        when not refund or position_from_last = 1 then name || coalesce(chr(30) || next_name || coalesce(then_2, ending), ending)
    end as transition_2,
    case
        when not refund or position_from_last = 1
            then name || coalesce(chr(30) || next_name || coalesce(then_2 || coalesce(then_3, ending), ending), ending)
    end as transition_3
from positioned
