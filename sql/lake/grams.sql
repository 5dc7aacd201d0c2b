-- Purpose: what follows what in journeys: the name of each touch and of up to three touches after it, all that a Markov chain asks.
-- Parameters: those of the members; @touch_3, @touch_4 (the names of the second and third touch after it; null where the chain does not look
--   at them); @slice.
-- Grain: one row a (slice, first, converted, touch_1 .. touch_4, currency), with the number of journeys; those after the order are null. A refund
--   counts no journey. revenue is that of the journeys which begin with these touches, null where none begins so.
with counted as (
    select
        @slice as slice, is_first, converted, own_name, next_name,
        @touch_3 as touch_3, @touch_4 as touch_4,
        currency, refund, count(*) as row_count, sum(revenue) as revenue
    from members
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
)
select
    slice, is_first as first, converted, coalesce(own_name, '') as touch_1, next_name as touch_2, touch_3, touch_4, currency,
    cast(sum(case when refund then 0 else row_count end) as bigint) as journeys, cast(sum(case when is_first then revenue end) as double) as revenue
from counted
group by 1, 2, 3, 4, 5, 6, 7, 8
order by 1, 2, 3, 4, 5, 6, 7, 8
