-- Purpose: the paths that most journeys converted on, and all other paths as one.
-- Parameters: those of the members, of which with_unconverted (journeys without conversion count as well);
--   most (how many paths are told apart); @slice (whole, day).
-- Grain: one row a (slice, path, currency). A path is the names of a journey's touches, oldest first, joined by the record separator (a name may
--   hold the unit separator); rank counts paths from 1, by conversions and then by journeys; path and rank are null for all others together, and
--   paths is how many there are in all. age_ms is the sum of the ages of the first touches of the converting journeys. A refund counts no
--   conversion, and no journey.
with walked as (
    select
        max(reported_at) as reported_at, max(currency) as currency, bool_or(converted) as converted,
        bool_or(refund) as refund, coalesce(cast(max(revenue) as double), 0e0) as revenue, max(age_ms) as age_ms,
        array_join(array_agg(name order by position_from_last desc), chr(30)) as walked_path
    from members
    where reported
    group by journey_number
),
counted as (
    select
        *, case when converted and not refund then 1 else 0 end as conversion, case when refund then 0 else 1 end as journey
    from walked
),
ranked as (
    select
        walked_path, row_number() over (order by sum(conversion) desc, sum(journey) desc, walked_path) as place, count(*) over () as paths
    from counted
    group by walked_path
)
select
    @slice as slice,
    case when r.place <= cast(:most as bigint) then r.walked_path end as path,
    case when r.place <= cast(:most as bigint) then r.place end as rank,
    c.currency, r.paths,
    cast(sum(c.conversion) as bigint) as conversions, cast(sum(c.journey) as bigint) as journeys, sum(c.revenue) as revenue,
    cast(sum(c.conversion * c.age_ms) as bigint) as age_ms
from counted c
join ranked r on r.walked_path = c.walked_path
group by 1, 2, 3, 4, 5
order by 1, 3, 4
