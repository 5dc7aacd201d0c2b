-- Purpose: how far each source of the warehouse reaches, and when it was last fed.
-- Parameters: version.
-- Grain: one row a source that ever had an upload which still counts; rows and days are of the rows that hold now.
with held as (
    select 'account_reach' as source, count(*) as rows, min(date) as first_day, max(date) as last_day
    from account_reach_as_of(cast(:version as bigint))
    union all
    select 'first_stream', count(*), min(date), max(date) from first_stream_as_of(cast(:version as bigint))
    union all
    select 'spend', count(*), min(date), max(date) from spend_as_of(cast(:version as bigint))
    union all
    select 'fx_rates', count(*), min(date), max(date) from fx_rates_as_of(cast(:version as bigint))
    union all
    select 'aliases', count(*), null, null from aliases_as_of(cast(:version as bigint))
    union all
    select 'rules', count(*) filter (where active is not false), null, null from rules_as_of(cast(:version as bigint))
),
fed as (
    select source, max(committed_at) as last_upload_at, bool_or(demo) as demo
    from uploads_as_of(cast(:version as bigint))
    group by source
)
select
    source,
    coalesce(rows, 0) as rows,
    to_char(first_day, 'YYYY-MM-DD') as first_day,
    to_char(last_day, 'YYYY-MM-DD') as last_day,
    last_upload_at,
    demo
from fed left join held using (source)
order by source
