-- Purpose: the history of uploads, newest first, whatever became of them.
-- Parameters: version (uploads committed later show as pending).
-- Grain: one row an upload. Its rows_read are accepted, refused or totals; of the accepted ones rows_merged were added to, or say the same as,
--   an earlier one of the file, and the others are new, replaced or unchanged. An upload whose file was read again
--   is 'replaced', and replaced_by is the upload that did it. lake_tables: the tables of the lake that it has rows for.
with seen as (
    select
        *,
        case
            when committed_version > cast(:version as bigint) then 'pending'
            when undone_version <= cast(:version as bigint) then 'undone'
            else status
        end as seen_status
    from uploads
),
standing_rereads as (
    select replaces, upload_id from seen where replaces is not null and seen_status = 'committed'
)
select
    seen.upload_id,
    source,
    file_name,
    case when seen_status = 'committed' and again.upload_id is not null then 'replaced' else seen_status end as status,
    demo,
    uploaded_by,
    started_at,
    committed_at,
    rows_read,
    rows_accepted + rows_merged as rows_accepted,
    rows_merged,
    rows_refused,
    rows_totals,
    rows_new,
    rows_replaced,
    rows_unchanged,
    rows_removed,
    to_char(first_day, 'YYYY-MM-DD') as first_day,
    to_char(last_day, 'YYYY-MM-DD') as last_day,
    case when undone_version <= cast(:version as bigint) then undone_at end as undone_at,
    case when undone_version <= cast(:version as bigint) then undone_by end as undone_by,
    clears_demo,
    error,
    export,
    container,
    seen.replaces,
    again.upload_id as replaced_by,
    lake_tables,
    size,
    sha256,
    raw_path
from seen left join standing_rereads as again on again.replaces = seen.upload_id
order by started_at desc, seen.upload_id
