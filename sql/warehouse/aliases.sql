-- Purpose: the names that people said mean another name.
-- Parameters: version.
-- Grain: one row a kind (channel, campaign, account, platform) and name, as it was written.
select
    kind,
    from_name,
    to_name,
    upload_id
from aliases_as_of(cast(:version as bigint))
order by 1, 2
