-- Purpose: what follows what in journeys: each touch with those that follow it, all that a Markov chain asks.
-- Parameters: those of the members; @slice; @transition (how many touches after a touch are looked at).
-- Grain: one row a (slice, transition), with the journeys in which this follows one another, as often as it does, and how many of them begin so.
--   transition is the names joined by the record separator, then the journey's end where it ends there; null for refunds, which no chain counts.
select
    @slice as slice, @transition as transition, count(*) as journeys, cast(sum(case when is_first then 1 else 0 end) as bigint) as begun
from members
group by 1, 2
order by 1, 2
