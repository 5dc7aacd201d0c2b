-- Purpose: the people who converted without any touchpoint, those with most conversions first, and among these those with most revenue.
-- Parameters: those of what is told (parts/told.sql or parts/told_anew.sql); most; @slice.
-- Grain: one row a (person, slice, currency), of at most `most` people; people is how many there are. A refund counts no conversion.
with unmatched as (
    select person, currency, revenue, reported_at
    from told
    where reason = 'no_touchpoint'
),
ranked as (
    select
        person, count(*) over () as people,
        row_number() over (
            order by sum(case when revenue < 0 then 0 else 1 end) desc, sum(coalesce(cast(revenue as double), 0e0)) desc, person
        ) as place
    from unmatched
    group by person
),
placed as (
    select r.place, r.people, u.person, u.currency, u.revenue, u.reported_at
    from unmatched u
    join ranked r on r.person = u.person
    where r.place <= cast(:most as bigint)
)
select
    cast(place as bigint) as place, person, @slice as slice, currency, cast(people as bigint) as people,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    sum(coalesce(cast(revenue as double), 0e0)) as revenue
from placed
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4
