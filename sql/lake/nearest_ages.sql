-- Purpose: how far conversions are from the nearest touchpoint of their person: what any look-back window would attribute.
-- Parameters: those of what is told (parts/told.sql); longest_days (the longest window, whole days).
-- Grain: one row a (consented_days, any_days): the age of the nearest consented touchpoint, and of any, in days begun (a window of so many days
--   reaches it), longest_days + 1 for all beyond, -1 for one after the conversion, null for none; attributed: those that
--   the asked window reaches. A refund counts no conversion.
with aged as (
    select
        revenue, reason,
        cast(ceil(cast(nearest_consented_age_ms as double) / 86400000) as bigint) as consented_days,
        cast(ceil(cast(nearest_age_ms as double) / 86400000) as bigint) as any_days,
        nearest_consented_age_ms < 0 as consented_after, nearest_age_ms < 0 as any_after
    from told
)
select
    case when consented_after then -1 else least(consented_days, cast(:longest_days as bigint) + 1) end as consented_days,
    case when any_after then -1 else least(any_days, cast(:longest_days as bigint) + 1) end as any_days,
    cast(sum(case when revenue < 0 then 0 else 1 end) as bigint) as conversions,
    cast(sum(case when revenue < 0 or reason is not null then 0 else 1 end) as bigint) as attributed
from aged
group by 1, 2
order by 1, 2
