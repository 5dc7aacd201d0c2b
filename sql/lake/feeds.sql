-- Purpose: how far each lake source reaches, and how many rows it has.
-- Parameters: none.
-- Grain: one row a source; a source without rows has none. newest_at is the newest instant (UTC).
select 'mentions' as source, count(*) as row_count, min(occurred_at) as oldest_at, max(occurred_at) as newest_at
from mentions
group by 1
union all
select 'touchpoints', count(*), min(occurred_at), max(occurred_at)
from touchpoints
group by 1
union all
select 'conversions', count(*), min(occurred_at), max(occurred_at)
from conversions
group by 1
order by 1
