-- Purpose: build the journeys table, the ordered consented touchpoints of each person before each conversion, and, for people who did not
--   convert after them, the touchpoints since their last conversion (anchored at the last of these).
-- Parameters: longest_ms, the longest look-back window in milliseconds.
-- Grain: one row a (journey, touchpoint). journey_id is the conversion's id, or 'none:' and the person for a journey without conversion.
-- Notes: position 1 is the last touch; ties in time are broken by touchpoint id. A row carries what every window needs (age of the next older
--   touch, the following channel, the channels from here to the last touch, joined by the unit separator), so that no window joins raw events,
--   and its origin (channel, source, medium and platform, joined likewise), so that no naming rule does.
with touches as (
    select
        *,
        coalesce(channel, '') || chr(31) || coalesce(source, '') || chr(31) || coalesce(medium, '') || chr(31) || coalesce(platform, '') as origin
    from touchpoints
    where person is not null and coalesce(consent, true)
),
last_conversions as (
    select person, max(occurred_at) as converted_at
    from conversions
    where person is not null and coalesce(revenue, 0) >= 0
    group by person
),
unconverted as (
    select t.*
    from touches t
    left join last_conversions c on c.person = t.person
    where c.person is null or t.occurred_at > c.converted_at
),
anchors as (
    select person, max(occurred_at) as anchored_at
    from unconverted
    group by person
),
members as (
    select
        c.conversion_id as journey_id, true as converted, c.occurred_at as anchored_at, c.person, c.type, c.revenue, c.currency,
        t.touchpoint_id, t.occurred_at as touched_at, t.channel, t.campaign, t.platform, t.account, t.creative, t.post, t.kind, t.milestone,
        t.origin, date_diff('millisecond', t.occurred_at, c.occurred_at) as age_ms
    from conversions c
    join touches t on t.person = c.person and t.occurred_at <= c.occurred_at
    union all
    select
        'none:' || t.person, false, a.anchored_at, t.person, cast(null as varchar), cast(null as decimal(18, 4)), cast(null as varchar),
        t.touchpoint_id, t.occurred_at, t.channel, t.campaign, t.platform, t.account, t.creative, t.post, t.kind, t.milestone,
        t.origin, date_diff('millisecond', t.occurred_at, a.anchored_at)
    from unconverted t
    join anchors a on a.person = t.person
),
ordered as (
    select
        *,
        row_number() over (partition by journey_id order by age_ms, touchpoint_id desc) as position_from_last,
        lead(age_ms) over (partition by journey_id order by age_ms, touchpoint_id desc) as older_age_ms,
        lag(channel) over (partition by journey_id order by age_ms, touchpoint_id desc) as next_channel,
        array_agg(channel) over (
            partition by journey_id order by age_ms, touchpoint_id desc rows between unbounded preceding and current row
        ) as channels
    from members
    where age_ms <= cast(:longest_ms as bigint)
)
select
    journey_id, converted, anchored_at, date_format(anchored_at, '%Y-%m-%d') as dt, person, type, revenue, currency,
    touchpoint_id, touched_at, age_ms, older_age_ms, position_from_last, next_channel,
    array_join(array_sort(array_distinct(channels)), chr(31)) as channel_set,
    channel, campaign, platform, account, creative, post, kind, milestone, origin
from ordered
order by dt, journey_id, position_from_last
