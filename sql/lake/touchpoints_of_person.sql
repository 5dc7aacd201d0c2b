-- Purpose: the touchpoints of one person around one conversion, as they came in.
-- Parameters: person; converted_at (instant of the conversion); first_dt, last_dt (UTC days between which touchpoints are looked at, varchar); most
--   (how many are listed).
-- Grain: one row a touchpoint, those nearest to the conversion, the newest first; of the same moment the one of the greater id.
with near as (
    select
        touchpoint_id, occurred_at, source, medium, channel, campaign, platform, account, creative, post, kind, milestone,
        coalesce(consent, true) as consented, date_diff('millisecond', occurred_at, cast(:converted_at as timestamp)) as age_ms
    from touchpoints
    where dt between cast(:first_dt as varchar) and cast(:last_dt as varchar) and person = cast(:person as varchar)
),
ranked as (
    select *, row_number() over (order by abs(age_ms), touchpoint_id desc) as place
    from near
)
select
    touchpoint_id, occurred_at, source, medium, channel, campaign, platform, account, creative, post, kind, milestone, consented, age_ms
from ranked
where place <= cast(:most as bigint)
order by age_ms, touchpoint_id desc
