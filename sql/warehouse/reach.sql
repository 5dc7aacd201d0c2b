-- Purpose: reach, impressions and followers of accounts, as uploaded.
-- Parameters: version; first_day, last_day (ISO days, both inclusive).
-- Grain: one row a day, account and platform. Unknown figures are null.
select
    to_char(date, 'YYYY-MM-DD') as date,
    account,
    platform,
    reach,
    impressions,
    followers
from account_reach_as_of(cast(:version as bigint))
where date between cast(:first_day as date) and cast(:last_day as date)
order by 1, 2, 3
