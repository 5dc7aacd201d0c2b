-- Purpose: conversions and their revenue, and why those without credit have none, where every consented touch within the window counts.
-- Parameters: first_dt, last_dt; starts_at, ends_at (instants, end exclusive); conversion_type (null: all); first_conversion; lookback_ms; @slice.
-- Grain: one row a (slice, conversion type, currency, reason). reason is null for attributed conversions; else the first that holds of unknown_person,
--   no_touchpoint, no_consent, outside_window. A refund counts no conversion.
with told as (
    select
        type, currency, revenue, bucket, converted_at as reported_at,
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
)
select
    @slice as slice, type, currency, reason,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from told
group by 1, 2, 3, 4
order by 1, 2, 3, 4
