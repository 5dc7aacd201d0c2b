-- Purpose: conversions and their revenue, and why those without credit have none, where options change which touches count.
-- Parameters: those of the members; starts_at, ends_at; @channel; @slice.
-- Grain: as outcomes.sql, with the further reason excluded_channel: touches within the window are there, of channels that are no part of the model.
with attributed as (
    select journey_id
    from members
    where is_first
),
near as (
    select journey_id, bool_or(coalesce(@channel in (cast(:left_out_channels as varchar)), false)) as of_left_out_channel
    from journeys
    where converted
        and dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and age_ms <= cast(:lookback_ms as bigint)
    group by journey_id
),
told as (
    select
        s.type, s.currency, s.revenue, s.bucket, s.converted_at as reported_at,
        case
            when a.journey_id is not null then null
            when s.person is null then 'unknown_person'
            when s.nearest_age_ms is null then 'no_touchpoint'
            when s.nearest_consented_age_ms is null then 'no_consent'
            when n.journey_id is null and s.nearest_age_ms between 0 and cast(:lookback_ms as bigint) then 'no_consent'
            when n.of_left_out_channel then 'excluded_channel'
            else 'outside_window'
        end as reason
    from conversion_status s
    left join attributed a on a.journey_id = s.conversion_id
    left join near n on n.journey_id = s.conversion_id
    where s.dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and s.converted_at >= cast(:starts_at as timestamp) and s.converted_at < cast(:ends_at as timestamp)
        and (cast(:conversion_type as varchar) is null or s.type = cast(:conversion_type as varchar))
        and (not cast(:first_conversion as boolean) or coalesce(s.person_conversion, 1) = 1)
)
select
    @slice as slice, type, currency, reason,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from told
group by 1, 2, 3, 4
order by 1, 2, 3, 4
