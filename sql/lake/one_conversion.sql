-- Purpose: one conversion, with what its person's other conversions say about it.
-- Parameters: conversion (its id).
-- Grain: one row, none where there is no such conversion. person_conversion, nearest_age_ms and nearest_consented_age_ms as in conversion_status.sql;
--   restarted_at is when the person converted before (refunds not counted), of_person how many conversions the person has in all.
with wanted as (
    select person
    from conversion_status
    where conversion_id = cast(:conversion as varchar)
),
of_person as (
    select
        *,
        max(case when coalesce(revenue, 0) >= 0 then converted_at end) over (
            partition by person order by converted_at, conversion_id rows between unbounded preceding and 1 preceding
        ) as restarted_at,
        count(*) over (partition by person) as of_person
    from conversion_status
    where conversion_id = cast(:conversion as varchar) or person in (select person from wanted)
)
select
    conversion_id, converted_at, person, type, revenue, currency, person_conversion, nearest_age_ms, nearest_consented_age_ms, restarted_at, of_person
from of_person
where conversion_id = cast(:conversion as varchar)
