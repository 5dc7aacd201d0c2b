-- Purpose: what identifiers of people look like, of conversions without any touchpoint and of touchpoints, so that a mix-up can be seen.
-- Parameters: those of what is told (parts/told.sql or parts/told_anew.sql); first_dt, last_dt.
-- Grain: one row a (side, kind, lead, length): side is unmatched (conversions) or touchpoints (of the period's days), kind what the identifier looks
--   like, lead the letters before the digits where it is made of these two; with how many rows there are and an example.
with keys as (
    select 'unmatched' as side, person
    from told
    where reason = 'no_touchpoint'
    union all
    select 'touchpoints', person
    from touchpoints
    where person is not null and dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
),
looked_at as (
    select
        side, person, length(person) as length,
        case
            when regexp_like(person, '@') then 'email'
            when regexp_like(person, '^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$') then 'uuid'
            when regexp_like(person, '^(GA1\.[0-9]\.)?[0-9]{6,}\.[0-9]{6,}$') then 'ga_client'
            when regexp_like(person, '^[0-9]+$') then 'digits'
            when regexp_like(person, '^[0-9a-fA-F]{64}$') then 'sha256'
            when regexp_like(person, '^[0-9a-fA-F]{40}$') then 'sha1'
            when regexp_like(person, '^[0-9a-fA-F]{32}$') then 'md5'
            when regexp_like(person, '^[A-Za-z_.-]{1,12}[0-9]+$') then 'lettered'
            else 'other'
        end as kind
    from keys
)
select
    side, kind, case when kind = 'lettered' then regexp_extract(person, '^([A-Za-z_.-]{1,12})[0-9]+$', 1) end as lead,
    cast(length as bigint) as length, cast(count(*) as bigint) as row_count, min(person) as example
from looked_at
group by 1, 2, 3, 4
order by 1, 5 desc, 2, 3, 4
