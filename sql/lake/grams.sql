-- Purpose: what follows what in journeys: the name of each touch and of up to three touches after it, all that a Markov chain asks.
-- Parameters: those of the members; order (how many touches after it are looked at: 1, 2 or 3); @slice.
-- Grain: one row a (slice, first, converted, touch_1 .. touch_4, currency), with the number of journeys; those after the order are null. A refund
--   counts no journey. revenue is that of the journeys which begin with these touches, null where none begins so.
with counted as (
    select
        @slice as slice, is_first, converted, own_name, next_name,
        case when cast(:order as bigint) > 1 then next_name_2 end as touch_3,
        case when cast(:order as bigint) > 2 then next_name_3 end as touch_4,
        currency, refund, count(*) as row_count, sum(case when is_first then revenue end) as revenue
    from members
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
)
select
    slice, is_first as first, converted, coalesce(own_name, '') as touch_1, next_name as touch_2, touch_3, touch_4, currency,
    cast(sum(case when refund then 0 else row_count end) as bigint) as journeys, cast(sum(revenue) as double) as revenue
from counted
group by 1, 2, 3, 4, 5, 6, 7, 8
order by 1, 2, 3, 4, 5, 6, 7, 8
