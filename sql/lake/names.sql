-- Purpose: the names that the lake's rows carry, as they are spelled there.
-- Parameters: none.
-- Grain: one row a (table, channel, campaign, platform, account), with the rows that carry them and what they count: touchpoints or mentions.
select 'touchpoints' as source, channel, campaign, platform, account, count(*) as row_count, count(*) as counted
from touchpoints
group by 1, 2, 3, 4, 5
union all
select 'mentions', cast(null as varchar), campaign, platform, account, count(*), cast(sum(mentions) as bigint)
from mentions
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
