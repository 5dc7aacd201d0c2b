-- Purpose: spend by what it was spent on.
-- Parameters: version; first_day, last_day (ISO days, both inclusive).
-- Grain: one row a day, channel, campaign, platform, ad account and currency; amount is in that currency, as a double.
select
    to_char(date, 'YYYY-MM-DD') as date,
    channel,
    campaign,
    platform,
    ad_account,
    currency,
    cast(sum(amount) as double precision) as amount,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(reported_conversions) as double precision) as reported_conversions
from spend_as_of(cast(:version as bigint))
where date between cast(:first_day as date) and cast(:last_day as date)
group by 1, 2, 3, 4, 5, 6
order by 1, 2, 3, 4, 5, 6
