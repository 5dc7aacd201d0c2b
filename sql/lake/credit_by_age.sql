-- Purpose: credit as in credit.sql, under rule-based models that ask how long before the conversion a touch was.
-- Parameters: those of credit.sql; @weights, a model's weight of a touch over age_ms, last_age_ms and position_from_last, which is divided by the sum
--   over its journey's touches.
-- Grain: that of credit.sql.
-- Notes: in a journey of one or two touches each knows the age of the other one: only longer journeys are summed.
with totals as (
    select journey_number, sum(@weights) as total
    from members
    where touches > 2
    group by journey_number
),
weighed as (
    select
        journey_number, @slice as slice, own_name, currency, refund, cast(revenue as double) as revenue, touches,
        cast(@weights as double) as weight, last_age_ms,
        case when position_from_last = 1 then older_age_ms else last_age_ms end as age_ms, 3 - position_from_last as position_from_last
    from members
    where reported
),
paired as (
    select
        journey_number, slice, own_name, currency, refund, revenue, touches, weight,
        case touches when 1 then weight when 2 then weight + cast(@weights as double) end as short_total
    from weighed
),
credited as (
    select slice, own_name, currency, refund, revenue, weight / coalesce(total, short_total) as credit
    from paired p
    left join totals t on t.journey_number = p.journey_number
),
summed as (
    select slice, own_name, currency, refund, sum(credit) as conversions, sum(credit * revenue) as revenue
    from credited
    group by 1, 2, 3, 4
)
select
    slice, coalesce(own_name, '') as name, currency,
    sum(case when refund then 0e0 else conversions end) as attributed_conversions,
    sum(coalesce(revenue, 0e0)) as attributed_revenue
from summed
group by 1, 2, 3
order by 1, 2, 3
