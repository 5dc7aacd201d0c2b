-- Purpose: which touch follows which, step by step, at the beginning or at the end of journeys.
-- Parameters: those of the members, of which with_unconverted (journeys without conversion count as well);
--   from_last (count steps back from the last touch instead of on from the first); steps (how many steps are looked at); most (how many names
--   are told apart, those of most touches).
-- Grain: one row a (step, name, next_name, is_first, is_last, converted), with the number of journeys. Steps count from 1; name and next_name are null for
--   all other names together, next_name also where the touch is the last one. A refund counts no journey.
with ranked as (
    select name, row_number() over (order by count(*) desc, name) as place
    from members
    group by name
),
stepped as (
    select
        case when cast(:from_last as boolean) then position_from_last else touches - position_from_last + 1 end as step,
        name, next_name, is_first, position_from_last = 1 as is_last, converted
    from members
    where reported and not refund
)
select
    s.step,
    case when n.place <= cast(:most as bigint) then s.name end as name,
    case when f.place <= cast(:most as bigint) then s.next_name end as next_name,
    s.is_first, s.is_last, s.converted, count(*) as journeys
from stepped s
join ranked n on n.name = s.name
left join ranked f on f.name = s.next_name
where s.step <= cast(:steps as bigint)
group by 1, 2, 3, 4, 5, 6
order by 1, 2, 3, 4, 5, 6
