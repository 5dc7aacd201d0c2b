-- Purpose: the history of uploads, newest first, whatever became of them.
-- Parameters: version (uploads committed later show as pending).
-- Grain: one row an upload.
select
    upload_id,
    source,
    file_name,
    case
        when committed_version > cast(:version as bigint) then 'pending'
        when undone_version <= cast(:version as bigint) then 'undone'
        else status
    end as status,
    demo,
    uploaded_by,
    started_at,
    committed_at,
    rows_read,
    rows_new,
    rows_replaced,
    rows_unchanged,
    rows_refused,
    to_char(first_day, 'YYYY-MM-DD') as first_day,
    to_char(last_day, 'YYYY-MM-DD') as last_day,
    case when undone_version <= cast(:version as bigint) then undone_at end as undone_at,
    case when undone_version <= cast(:version as bigint) then undone_by end as undone_by,
    clears_demo,
    error,
    size,
    sha256,
    raw_path
from uploads
order by started_at desc, upload_id
