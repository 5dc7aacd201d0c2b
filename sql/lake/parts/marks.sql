-- Purpose: what credit asks of a whole journey, where the rows of its touches do not tell it.
-- Parameters: those of the members; @marked (which touches have to be looked at for it: those beyond the eighth from the last, whose ages no
--   other row tells; those that reached a milestone; those of journeys that end with a direct touch); @weight_by_age (a model's weight of a touch).
-- Grain: one row a journey that has such touches. lead_from_last and opportunity_from_last tell where the oldest touch stands that reached the
--   milestone, last_non_direct_position where the last touch that names a channel (null where none does, or the last one of all does), all
--   counted from the last; further_weight is what the touches beyond the eighth weigh.
select
    journey_number,
    max(case when milestone = 'lead' then position_from_last end) as lead_from_last,
    max(case when milestone = 'opportunity' then position_from_last end) as opportunity_from_last,
    min(case when last_is_direct and not direct then position_from_last end) as last_non_direct_position,
    sum(case when position_from_last > 8 then cast(@weight_by_age as double) end) as further_weight
from members
where @marked
group by journey_number
