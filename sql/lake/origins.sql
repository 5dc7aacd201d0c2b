-- Purpose: where touchpoints come from, as far as a naming rule can ask: their channel, source, medium and platform as stored.
-- Parameters: none.
-- Grain: one row a (channel, source, medium, platform), with its touchpoints.
select channel, source, medium, platform, count(*) as row_count
from touchpoints
group by 1, 2, 3, 4
order by 1, 2, 3, 4
