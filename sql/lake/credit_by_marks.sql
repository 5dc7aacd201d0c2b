-- Purpose: credit as in credit.sql, under rule-based models that ask as well which touches are direct or mark a milestone.
-- Parameters: those of credit.sql; @weights may use last_non_direct_position (from the last; null where all are direct), lead_position and
--   opportunity_position (from the first; null where no touch is marked so) as well.
-- Grain: that of credit.sql.
-- Notes: of most journeys it is known that their last touch is not direct and that none is marked: only the others are looked at one by one.
with special as (
    select journey_number
    from members
    where milestone is not null or (direct and position_from_last = 1)
),
marks as (
    select
        journey_number, min(case when not direct then position_from_last end) as last_non_direct_position,
        max(case when milestone = 'lead' then position_from_last end) as lead_from_last,
        max(case when milestone = 'opportunity' then position_from_last end) as opportunity_from_last
    from members
    where journey_number in (select journey_number from special)
    group by journey_number
),
placed as (
    select
        @slice as slice, own_name, currency, refund, touches, position_from_last,
        case when k.journey_number is null then 1 else k.last_non_direct_position end as last_non_direct_position,
        lead_from_last, opportunity_from_last, count(*) as row_count, sum(revenue) as revenue_sum
    from members m
    left join marks k on k.journey_number = m.journey_number
    where reported
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
),
faced as (
    select
        slice, coalesce(own_name, '') as name, currency, refund, row_count,
        coalesce(cast(revenue_sum as double), 0e0) as revenue, touches, position_from_last, touches - position_from_last + 1 as position_from_first,
        last_non_direct_position, touches - lead_from_last + 1 as lead_position, touches - opportunity_from_last + 1 as opportunity_position
    from placed
),
credited as (
    select slice, name, currency, refund, row_count, revenue, cast(@weights as double) as credit
    from faced
)
select
    slice, name, currency,
    sum(case when refund then 0e0 else row_count * credit end) as attributed_conversions,
    sum(revenue * credit) as attributed_revenue
from credited
group by 1, 2, 3
order by 1, 2, 3
