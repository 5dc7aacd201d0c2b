-- Purpose: the names that the warehouse's rows carry, as they are spelled there.
-- Parameters: version.
-- Grain: one row a (kind, name, source, currency), with its rows and a weight: amounts in that currency for spend, rows elsewhere.
with spend_rows as (
    select channel, campaign, platform, amount, currency from spend_as_of(cast(:version as bigint))
),
reach_rows as (
    select account, platform from account_reach_as_of(cast(:version as bigint))
),
stream_rows as (
    select account, platform, campaign from first_stream_as_of(cast(:version as bigint))
),
named as (
    select 'channel' as kind, channel as name, 'spend' as source, currency, amount as weight from spend_rows
    union all
    select 'campaign', campaign, 'spend', currency, amount from spend_rows
    union all
    select 'platform', platform, 'spend', currency, amount from spend_rows
    union all
    select 'account', account, 'account_reach', null, 1 from reach_rows
    union all
    select 'platform', platform, 'account_reach', null, 1 from reach_rows
    union all
    select 'account', account, 'first_stream', null, 1 from stream_rows
    union all
    select 'platform', platform, 'first_stream', null, 1 from stream_rows
    union all
    select 'campaign', campaign, 'first_stream', null, 1 from stream_rows
)
select kind, name, source, currency, count(*) as row_count, cast(sum(weight) as double precision) as weight
from named
where name is not null
group by 1, 2, 3, 4
order by 1, 2, 3, 4
