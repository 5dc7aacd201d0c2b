-- Purpose: how many touches that count are marked as a milestone, since a model that asks for milestones needs some.
-- Parameters: those of the members (parts/members.sql or parts/members_anew.sql).
-- Grain: one row; null where no touch counts.
select
    cast(sum(case when milestone = 'lead' then 1 else 0 end) as bigint) as leads,
    cast(sum(case when milestone = 'opportunity' then 1 else 0 end) as bigint) as opportunities
from members
where reported
