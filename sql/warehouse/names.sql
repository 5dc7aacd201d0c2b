-- Purpose: the names that the warehouse's rows carry, as they are spelled there.
-- Parameters: version.
-- Grain: one row a (kind, name, source, currency), with its rows, the amount in that currency and the summed reach, where the source tells them.
with spend_rows as (
    select channel, campaign, platform, amount, currency from spend_as_of(cast(:version as bigint))
),
reach_rows as (
    select account, platform, reach from account_reach_as_of(cast(:version as bigint))
),
stream_rows as (
    select account, platform, campaign, reach from first_stream_as_of(cast(:version as bigint))
),
named as (
    select 'channel' as kind, channel as name, 'spend' as source, currency, amount as spend, cast(null as bigint) as reach from spend_rows
    union all
    select 'campaign', campaign, 'spend', currency, amount, null from spend_rows
    union all
    select 'platform', platform, 'spend', currency, amount, null from spend_rows
    union all
    select 'account', account, 'account_reach', null, null, reach from reach_rows
    union all
    select 'platform', platform, 'account_reach', null, null, reach from reach_rows
    union all
    select 'account', account, 'first_stream', null, null, reach from stream_rows
    union all
    select 'platform', platform, 'first_stream', null, null, reach from stream_rows
    union all
    select 'campaign', campaign, 'first_stream', null, null, reach from stream_rows
)
select
    kind, name, source, currency, count(*) as row_count,
    cast(sum(spend) as double precision) as spend,
    cast(sum(reach) as double precision) as reach
from named
where name is not null
group by 1, 2, 3, 4
order by 1, 2, 3, 4
