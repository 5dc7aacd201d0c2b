-- Purpose: the conversions without credit themselves, the newest first, each with its reason and how far its touchpoints are.
-- Parameters: those of what is told (parts/told.sql or parts/told_anew.sql); reason (null: all); most; @slice.
-- Grain: one row a conversion, refunds included; found is how many there are, of which `most` are returned, refunds how many of
--   them are refunds.
with ranked as (
    select
        *, row_number() over (order by reported_at desc, conversion_id) as place, count(*) over () as found,
        count(case when revenue < 0 then 1 end) over () as refunds
    from told
    where reason is not null and (cast(:reason as varchar) is null or reason = cast(:reason as varchar))
)
select
    @slice as slice, conversion_id, type, revenue, currency, reason, nearest_age_ms, nearest_consented_age_ms,
    cast(found as bigint) as found, cast(refunds as bigint) as refunds
from ranked
where place <= cast(:most as bigint)
order by place
