-- Purpose: conversions and why those without credit have none, where every consented touch within the window counts.
-- Parameters: first_dt, last_dt; starts_at, ends_at (instants, end exclusive); conversion_type (null: all); first_conversion; lookback_ms.
-- Grain: one row a conversion. reason is null for attributed ones; else the first that holds of unknown_person, no_touchpoint, no_consent,
--   outside_window.
select
    conversion_id, person, type, currency, revenue, bucket, converted_at as reported_at, nearest_age_ms, nearest_consented_age_ms,
    case
        when nearest_consented_age_ms between 0 and cast(:lookback_ms as bigint) then null
        when person is null then 'unknown_person'
        when nearest_age_ms is null then 'no_touchpoint'
        when nearest_consented_age_ms is null or nearest_age_ms between 0 and cast(:lookback_ms as bigint) then 'no_consent'
        else 'outside_window'
    end as reason
from conversion_status
where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
    and converted_at >= cast(:starts_at as timestamp) and converted_at < cast(:ends_at as timestamp)
    and (cast(:conversion_type as varchar) is null or type = cast(:conversion_type as varchar))
    and (not cast(:first_conversion as boolean) or coalesce(person_conversion, 1) = 1)
