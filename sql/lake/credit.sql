-- Purpose: credit of each touch under rule-based models that ask only where it stands in its journey, summed by slice and name.
-- Parameters: those of the members (parts/members.sql or parts/members_anew.sql); @slice (what rows
--   are summed by beside the name: whole, day, bucket); @weights, a model's credit of a touch over touches, position_from_first and
--   position_from_last, with the model's own parameters. What is made of it is repeated for each model that is asked.
-- Grain: one row a (slice, name, currency), a column of conversions and one of revenue a model. Credit of a conversion sums to 1; a refund (negative
--   revenue) counts no conversion.
-- Notes: touches are counted by where they stand before any weight is worked out, so that another model costs next to nothing.
with placed as (
    select
        @slice as slice, own_name, currency, refund, touches, position_from_last, count(*) as row_count, sum(revenue) as revenue_sum
    from members
    where reported
    group by 1, 2, 3, 4, 5, 6
),
faced as (
    select
        slice, coalesce(own_name, '') as name, currency, refund, row_count,
        coalesce(cast(revenue_sum as double), 0e0) as revenue, touches, position_from_last, touches - position_from_last + 1 as position_from_first
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
