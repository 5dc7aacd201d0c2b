-- Purpose: build rows of the journeys table, the ordered consented touchpoints of each person before each conversion, and, for people who did
--   not convert after them, the touchpoints since their last conversion (anchored at the last of these).
-- Parameters: longest_ms, the longest look-back window in milliseconds; first_number, the first journey number that is free.
-- Grain: one row a (journey, touchpoint). journey_id is the conversion's id, or 'none:' and the person for a journey without conversion.
-- Notes: position 1 is the last touch; ties in time are broken by touchpoint id. A row carries what every window needs (age of the next older
--   touch and of the last one, the channel that follows, the channels from here to the last touch, joined by the record separator; what
--   names no channel is '' there), so that no window joins raw events, and its origin (channel, source, medium and platform, joined by the
--   unit separator; null where it names no channel), so that no naming rule does.
--   transition, transition_2 and transition_3 are the channels of this touch and of the one, two or three that follow, joined as sets are;
--   where the journey ends before, its end (slots.END, with the conversion's currency) stands after the last of them. Those of a refund are
--   null but at its last touch: no chain counts it, but it lowers the revenue.
--   gap_2_ms to gap_8_ms tell how much older than the last touch those are that stand second to eighth from it (null without), last_channel and
--   last_origin those of its last touch. marked is 1 where a milestone was reached, else 0: a number, by which engines skip files.
--   touches_1 to touches_90 are the journey's touches within a window of so many days, those that people choose most (slots.USUAL_WINDOWS).
--   time_decay_total_1 to hyperbolic_decay_total_90 are what the weights of those touches sum to under these rules with their default parameters
--   (pipelines/attribution/rules.py; slots.TOTALLED), of time decay counted from the last touch on. They are summed as decimals, whose sum is the
--   same in any order.
--   refund says that the conversion is one.
--   journey_number tells a journey by a number, which groups faster than its id; bucket is one of 1,024 into which people are hashed;
--   restart_age_ms is the age of the person's conversion before this one, person_conversion counts that person's conversions up to this one
--   (refunds are neither).
with touches as (
    select
        *,
        channel || chr(31) || coalesce(source, '') || chr(31) || coalesce(medium, '') || chr(31) || coalesce(platform, '') as origin
    from touchpoints
    where person is not null and coalesce(consent, true)
),
counted as (
    select
        *,
        sum(case when coalesce(revenue, 0) >= 0 then 1 else 0 end) over (
            partition by person order by occurred_at, conversion_id rows between unbounded preceding and current row
        ) as person_conversion,
        max(case when coalesce(revenue, 0) >= 0 then occurred_at end) over (
            partition by person order by occurred_at, conversion_id rows between unbounded preceding and 1 preceding
        ) as restarted_at,
        max(case when coalesce(revenue, 0) >= 0 then occurred_at end) over (partition by person) as last_converted_at
    from conversions
    where person is not null
),
last_conversions as (
    select person, max(last_converted_at) as converted_at
    from counted
    group by person
),
unconverted as (
    select t.person, t.occurred_at
    from touches t
    left join last_conversions c on c.person = t.person
    where c.converted_at is null or t.occurred_at > c.converted_at
),
anchors as (
    select a.person, a.anchored_at, c.converted_at
    from (select person, max(occurred_at) as anchored_at from unconverted group by person) a
    left join last_conversions c on c.person = a.person
),
journeys_of_people as (
    select
        conversion_id as journey_id, true as converted, occurred_at as anchored_at, dt, person, type, revenue, currency,
        cast(null as timestamp) as converted_at, date_diff('millisecond', restarted_at, occurred_at) as restart_age_ms,
        cast(person_conversion as bigint) as person_conversion
    from counted
    union all
    select
        'none:' || person, false, anchored_at, date_format(anchored_at, '%Y-%m-%d'), person, cast(null as varchar),
        cast(null as decimal(18, 4)), cast(null as varchar), converted_at, cast(null as bigint), cast(null as bigint)
    from anchors
),
days as (
    select converted, dt, sum(count(*)) over (order by converted desc, dt) - count(*) as before
    from journeys_of_people
    group by converted, dt
),
numbered as (
    select
        j.*, to_hex(md5(to_utf8(j.person))) as digest,
        cast(d.before as bigint) + row_number() over (partition by j.converted, j.dt order by j.journey_id) as number
    from journeys_of_people j
    join days d on d.converted = j.converted and d.dt = j.dt
),
bucketed as (
    select
        *,
        (
            256 * strpos('123456789ABCDEF', substr(digest, 1, 1)) + 16 * strpos('123456789ABCDEF', substr(digest, 2, 1))
            + strpos('123456789ABCDEF', substr(digest, 3, 1))
        ) % 1024 as bucket
    from numbered
),
walked as (
    select
        j.journey_id, j.number, j.converted, j.anchored_at, j.dt, j.person, j.bucket, j.type, j.revenue, j.currency, j.restart_age_ms, j.person_conversion,
        coalesce(j.revenue < 0, false) as refund,
        t.touchpoint_id, t.occurred_at as touched_at, t.channel, t.campaign, t.platform, t.account, t.creative, t.post, t.kind, t.milestone,
        t.origin, date_diff('millisecond', t.occurred_at, j.anchored_at) as age_ms
    from bucketed j
    join touches t on t.person = j.person and t.occurred_at <= j.anchored_at
    where j.converted_at is null or t.occurred_at > j.converted_at
),
weighed as (
    select
        *,
        coalesce(channel, '') as here,
        chr(30) || chr(29) || case
            when converted then case when refund then 'refund' else 'conversion' end || chr(31) || coalesce(currency, '')
            else 'null'
        end as ending,
        cast(exp(cast(age_ms as double) * (cast(-ln(2e0) as double) / 604800000e0)) as decimal(18, 16)) as time_decay,
        cast(1e0 / (1e0 + cast(age_ms as double) / 3600000e0) as decimal(18, 16)) as hyperbolic_decay
    from walked
    where age_ms <= cast(:longest_ms as bigint)
),
ordered as (
    select
        *,
        row_number() over (partition by number order by age_ms, touchpoint_id desc) as position_from_last,
        lead(age_ms) over (partition by number order by age_ms, touchpoint_id desc) as older_age_ms,
        first_value(age_ms) over (partition by number order by age_ms, touchpoint_id desc) as last_age_ms,
        lag(here) over (partition by number order by age_ms, touchpoint_id desc) as next_channel,
        chr(30) || lag(here, 2) over (partition by number order by age_ms, touchpoint_id desc) as then_2,
        chr(30) || lag(here, 3) over (partition by number order by age_ms, touchpoint_id desc) as then_3,
        array_agg(here) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and current row
        ) as channels,
        nth_value(age_ms, 2) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_2_ms,
        nth_value(age_ms, 3) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_3_ms,
        nth_value(age_ms, 4) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_4_ms,
        nth_value(age_ms, 5) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_5_ms,
        nth_value(age_ms, 6) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_6_ms,
        nth_value(age_ms, 7) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_7_ms,
        nth_value(age_ms, 8) over (
            partition by number order by age_ms, touchpoint_id desc rows between unbounded preceding and unbounded following
        ) as age_8_ms,
        first_value(channel) over (partition by number order by age_ms, touchpoint_id desc) as last_channel,
        exp(
            cast(first_value(age_ms) over (partition by number order by age_ms, touchpoint_id desc) as double)
            * (cast(ln(2e0) as double) / 604800000e0)
        ) as from_last,
        first_value(origin) over (partition by number order by age_ms, touchpoint_id desc) as last_origin,
        count(case when age_ms <= 86400000 then 1 end) over (partition by number) as touches_1,
        count(case when age_ms <= 604800000 then 1 end) over (partition by number) as touches_7,
        count(case when age_ms <= 1209600000 then 1 end) over (partition by number) as touches_14,
        count(case when age_ms <= 2419200000 then 1 end) over (partition by number) as touches_28,
        count(case when age_ms <= 2592000000 then 1 end) over (partition by number) as touches_30,
        count(case when age_ms <= 5184000000 then 1 end) over (partition by number) as touches_60,
        count(case when age_ms <= 7776000000 then 1 end) over (partition by number) as touches_90,
        sum(case when age_ms <= 86400000 then time_decay end) over (partition by number) as time_decay_total_1,
        sum(case when age_ms <= 604800000 then time_decay end) over (partition by number) as time_decay_total_7,
        sum(case when age_ms <= 1209600000 then time_decay end) over (partition by number) as time_decay_total_14,
        sum(case when age_ms <= 2419200000 then time_decay end) over (partition by number) as time_decay_total_28,
        sum(case when age_ms <= 2592000000 then time_decay end) over (partition by number) as time_decay_total_30,
        sum(case when age_ms <= 5184000000 then time_decay end) over (partition by number) as time_decay_total_60,
        sum(case when age_ms <= 7776000000 then time_decay end) over (partition by number) as time_decay_total_90,
        sum(case when age_ms <= 86400000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_1,
        sum(case when age_ms <= 604800000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_7,
        sum(case when age_ms <= 1209600000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_14,
        sum(case when age_ms <= 2419200000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_28,
        sum(case when age_ms <= 2592000000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_30,
        sum(case when age_ms <= 5184000000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_60,
        sum(case when age_ms <= 7776000000 then hyperbolic_decay end) over (partition by number) as hyperbolic_decay_total_90
    from weighed
)
select
    journey_id, cast(:first_number as bigint) + number - 1 as journey_number, converted, anchored_at, dt,
    person, cast(bucket as bigint) as bucket, type, revenue, refund, currency, restart_age_ms, person_conversion,
    touchpoint_id, touched_at, age_ms, older_age_ms, last_age_ms, position_from_last, next_channel,
    array_join(array_sort(array_distinct(channels)), chr(30)) as channel_set,
    touches_1, touches_7, touches_14, touches_28, touches_30, touches_60, touches_90,
    channel, campaign, platform, account, creative, post, kind, milestone, origin,
    age_2_ms - last_age_ms as gap_2_ms, age_3_ms - last_age_ms as gap_3_ms, age_4_ms - last_age_ms as gap_4_ms, age_5_ms - last_age_ms as gap_5_ms,
    age_6_ms - last_age_ms as gap_6_ms, age_7_ms - last_age_ms as gap_7_ms, age_8_ms - last_age_ms as gap_8_ms, last_channel, last_origin,
    cast(case when milestone is null then 0 else 1 end as bigint) as marked,
    cast(time_decay_total_1 as double) * from_last as time_decay_total_1,
    cast(time_decay_total_7 as double) * from_last as time_decay_total_7,
    cast(time_decay_total_14 as double) * from_last as time_decay_total_14,
    cast(time_decay_total_28 as double) * from_last as time_decay_total_28,
    cast(time_decay_total_30 as double) * from_last as time_decay_total_30,
    cast(time_decay_total_60 as double) * from_last as time_decay_total_60,
    cast(time_decay_total_90 as double) * from_last as time_decay_total_90,
    cast(hyperbolic_decay_total_1 as double) as hyperbolic_decay_total_1,
    cast(hyperbolic_decay_total_7 as double) as hyperbolic_decay_total_7,
    cast(hyperbolic_decay_total_14 as double) as hyperbolic_decay_total_14,
    cast(hyperbolic_decay_total_28 as double) as hyperbolic_decay_total_28,
    cast(hyperbolic_decay_total_30 as double) as hyperbolic_decay_total_30,
    cast(hyperbolic_decay_total_60 as double) as hyperbolic_decay_total_60,
    cast(hyperbolic_decay_total_90 as double) as hyperbolic_decay_total_90,
    case when not refund or position_from_last = 1 then here || coalesce(chr(30) || next_channel, ending) end as transition,
    case
        when not refund or position_from_last = 1 then here || coalesce(chr(30) || next_channel || coalesce(then_2, ending), ending)
    end as transition_2,
    case
        when not refund or position_from_last = 1
            then here || coalesce(chr(30) || next_channel || coalesce(then_2 || coalesce(then_3, ending), ending), ending)
    end as transition_3
from ordered
