-- Purpose: single conversions of a period, with the credit that a name earned from each under one model, or with the reason why nobody did.
-- Parameters: those of the members; starts_at, ends_at (instants, end exclusive); name (null: all conversions; else those that a touch of this
--   name belongs to, '' for touches that name nothing); reason (null: all; else those that are unattributed for it); most (how many are
--   listed); @channel, @credit (a model's credit of a touch over the columns that credit.sql has for it, last_non_direct_position, names, the
--   distinct names of the journey, and touches_of_name, its touches of the touch's name).
-- Grain: one row a conversion, those with most credit first (without a name: those with most revenue), `most` at most. found and found_credit tell of
--   all that there are, listed or not, refunds not counted.
with named as (
    select
        journey_number, journey_id, name, touches, position_from_last, age_ms, last_age_ms, gap_ms,
        gap_2_ms, gap_3_ms, gap_4_ms, gap_5_ms, gap_6_ms, gap_7_ms, gap_8_ms, count(*) over (partition by journey_number, name) as touches_of_name
    from members
),
journeys_of_touches as (
    select journey_number, count(distinct name) as names
    from named
    group by journey_number
),
placed as (
    select
        m.journey_id, m.name, m.age_ms, m.last_age_ms, m.gap_ms, m.position_from_last, m.touches_of_name, j.names,
        m.gap_2_ms, m.gap_3_ms, m.gap_4_ms, m.gap_5_ms, m.gap_6_ms, m.gap_7_ms, m.gap_8_ms, k.further_weight,
        m.touches - m.position_from_last + 1 as position_from_first, m.touches, k.last_non_direct_position,
        m.touches - k.lead_from_last + 1 as lead_position, m.touches - k.opportunity_from_last + 1 as opportunity_position
    from named m
    join journeys_of_touches j on j.journey_number = m.journey_number
    left join marks k on k.journey_number = m.journey_number
),
weighed as (
    select journey_id, name, touches, cast(@credit as double) as credit
    from placed
),
earned as (
    select
        journey_id, max(touches) as touches, bool_or(name = cast(:name as varchar)) as has_name,
        sum(case when name = cast(:name as varchar) then credit end) as credit
    from weighed
    group by journey_id
),
near as (
    select journey_id, bool_or(coalesce(@channel in (cast(:left_out_channels as varchar)), false)) as of_left_out_channel
    from journeys
    where converted
        and dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and age_ms <= cast(:lookback_ms as bigint)
    group by journey_id
),
judged as (
    select
        s.conversion_id, s.converted_at, s.person, s.type, s.revenue, s.currency, coalesce(e.touches, 0) as touches, e.has_name, credit,
        case
            when e.journey_id is not null then null
            when s.person is null then 'unknown_person'
            when s.nearest_age_ms is null then 'no_touchpoint'
            when s.nearest_consented_age_ms is null then 'no_consent'
            when n.journey_id is null and s.nearest_age_ms between 0 and cast(:lookback_ms as bigint) then 'no_consent'
            when n.of_left_out_channel then 'excluded_channel'
            else 'outside_window'
        end as reason
    from conversion_status s
    left join earned e on e.journey_id = s.conversion_id
    left join near n on n.journey_id = s.conversion_id
    where s.dt between cast(:first_dt as varchar) and cast(:last_dt as varchar)
        and s.converted_at >= cast(:starts_at as timestamp) and s.converted_at < cast(:ends_at as timestamp)
        and (cast(:conversion_type as varchar) is null or s.type = cast(:conversion_type as varchar))
        and (not cast(:first_conversion as boolean) or coalesce(s.person_conversion, 1) = 1)
),
listed as (
    select
        conversion_id, converted_at, person, type, revenue, currency, touches, credit, reason,
        cast(sum(case when revenue < 0 then 0 else 1 end) over () as bigint) as found,
        sum(case when revenue < 0 then 0e0 else credit end) over () as found_credit,
        row_number() over (order by round(credit, 9) desc nulls last, revenue desc nulls last, conversion_id) as place
    from judged
    where (cast(:name as varchar) is null or has_name) and (cast(:reason as varchar) is null or reason = cast(:reason as varchar))
)
select conversion_id, converted_at, person, type, revenue, currency, touches, credit, reason, found, found_credit
from listed
where place <= cast(:most as bigint)
order by place
