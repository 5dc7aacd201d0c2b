-- Purpose: conversions and their revenue, and why those without credit have none.
-- Parameters: first_dt, last_dt, starts_at, ends_at, zone_breaks, zone_offsets, lookback_ms, conversion_type, left_out_channels, @channel: as in credit.sql.
-- Grain: one row a (day, conversion type, currency, reason). reason is null for attributed conversions; else the first that holds of unknown_person,
--   no_touchpoint, no_consent, excluded_channel, outside_window. A refund counts no conversion.
with kept as (
    select journey_id, bool_or(not coalesce(@channel in (cast(:left_out_channels as varchar)), false)) as counts
    from journeys
    where converted
        and dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and age_ms <= cast(:lookback_ms as bigint)
    group by journey_id
),
told as (
    select
        s.type, s.currency, s.revenue, s.converted_at,
        cast(element_at(
            array[cast(:zone_offsets as bigint)], 1 + cardinality(filter(array[cast(:zone_breaks as timestamp)], moment -> moment <= s.converted_at))
        ) as bigint) as zone_offset,
        case
            when k.counts then null
            when s.person is null then 'unknown_person'
            when s.nearest_age_ms is null then 'no_touchpoint'
            when s.nearest_consented_age_ms is null then 'no_consent'
            when k.journey_id is null and s.nearest_age_ms between 0 and cast(:lookback_ms as bigint) then 'no_consent'
            when k.journey_id is not null then 'excluded_channel'
            else 'outside_window'
        end as reason
    from conversion_status s
    left join kept k on k.journey_id = s.conversion_id
    where s.dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and s.converted_at >= cast(:starts_at as timestamp) and s.converted_at < cast(:ends_at as timestamp)
        and (cast(:conversion_type as varchar) is null or s.type = cast(:conversion_type as varchar))
)
select
    date_format(date_add('second', zone_offset, converted_at), '%Y-%m-%d') as day, type, currency, reason,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from told
group by 1, 2, 3, 4
order by 1, 2, 3, 4
