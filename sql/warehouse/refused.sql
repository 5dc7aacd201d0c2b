-- Purpose: the rows of an upload that were refused, and why.
-- Parameters: upload_id.
-- Grain: one row a refused row of the file (counted from 1, the header included).
select
    "row",
    "column",
    value,
    reason
from refused_rows
where upload_id = cast(:upload_id as text)
order by "row", "column"
