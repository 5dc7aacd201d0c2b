-- Purpose: what follows what in journeys: each touch with those that follow it, all that a Markov chain asks.
-- Parameters: those of the members; @slice; @transition (how many touches after a touch are looked at).
-- Grain: one row a (slice, transition), with the journeys in which this follows one another, as often as it does, how many of them begin so, and
--   their revenue. transition is the names joined by the record separator, then the journey's end (slots.END) where it ends there; null within
--   the journeys of refunds, which no chain counts.
select
    @slice as slice, @transition as transition, count(*) as journeys, cast(count_if(is_first) as bigint) as begun,
    coalesce(cast(sum(revenue) as double), 0e0) as revenue
from members
group by 1, 2
order by 1, 2
