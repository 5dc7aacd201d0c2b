-- Purpose: the channels that spend names, with the platform beside them, which a naming rule may ask for.
-- Parameters: version.
-- Grain: one row a (channel, platform, currency), with its rows and the amount in that currency.
select channel, platform, currency, count(*) as row_count, cast(sum(amount) as double precision) as spend
from spend_as_of(cast(:version as bigint))
group by 1, 2, 3
order by 1, 2, 3
