-- Purpose: the queries that an engine in the cloud ran for us, newest first, with what they scanned and came to.
-- Parameters: since (an instant), most (how many).
-- Grain: one row a query. total_bytes and total_dollars are those of all since then, also of those that are not listed.
select
    ended_at, engine, query_id, statement, state, scanned_bytes, milliseconds, dollars, reused, error,
    cast(count(*) over () as bigint) as queries,
    cast(sum(scanned_bytes) over () as bigint) as total_bytes,
    sum(dollars) over () as total_dollars
from lake_queries
where ended_at >= cast(:since as timestamptz)
order by number desc
limit :most
