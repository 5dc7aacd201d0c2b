-- Purpose: the touches that count, one by one, so that their credit can be worked out anew outside of the lake.
-- Parameters: those of the members; most (how many rows at the most).
-- Grain: one row a (journey, touch), in no order that says anything.
with numbered as (
    select
        journey_number, converted, revenue, currency, reported_at, touchpoint_id, age_ms, direct, milestone, name,
        row_number() over (order by journey_number, touchpoint_id) as place
    from members
)
select journey_number, converted, revenue, currency, reported_at, touchpoint_id, age_ms, direct, milestone, name
from numbered
where place <= cast(:most as bigint)
