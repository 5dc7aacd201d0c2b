-- Purpose: build rows of the conversion_status table: how far each conversion is from the touchpoints of its person, so that every reason for an
--   unattributed conversion can be told without raw events.
-- Parameters: none.
-- Grain: one row a conversion. The age is that of the nearest touchpoint ever: the youngest at or before the conversion, else (negative) the
--   first after it; null where the person has none. Once for all touchpoints, once for the consented ones. bucket and person_conversion: as
--   in journeys.sql; bucket is null where the person is unknown.
with ages as (
    select
        c.conversion_id,
        coalesce(t.consent, true) as consented,
        date_diff('millisecond', t.occurred_at, c.occurred_at) as age_ms
    from conversions c
    join touchpoints t on t.person = c.person
),
nearest as (
    select
        conversion_id,
        coalesce(min(case when age_ms >= 0 then age_ms end), max(age_ms)) as nearest_age_ms,
        coalesce(
            min(case when consented and age_ms >= 0 then age_ms end), max(case when consented then age_ms end)
        ) as nearest_consented_age_ms
    from ages
    group by conversion_id
),
counted as (
    select
        *,
        to_hex(md5(to_utf8(person))) as digest,
        sum(case when coalesce(revenue, 0) >= 0 then 1 else 0 end) over (
            partition by person order by occurred_at, conversion_id rows between unbounded preceding and current row
        ) as number
    from conversions
)
select
    c.conversion_id, c.occurred_at as converted_at, c.dt, c.person,
    cast((
        256 * strpos('123456789ABCDEF', substr(c.digest, 1, 1)) + 16 * strpos('123456789ABCDEF', substr(c.digest, 2, 1))
        + strpos('123456789ABCDEF', substr(c.digest, 3, 1))
    ) % 1024 as bigint) as bucket,
    c.type, c.revenue, c.currency, case when c.person is not null then cast(c.number as bigint) end as person_conversion,
    n.nearest_age_ms, n.nearest_consented_age_ms
from counted c
left join nearest n on n.conversion_id = c.conversion_id
