-- Purpose: reach, impressions and engagements of single posts (first stream).
-- Parameters: version; first_day, last_day (ISO days, both inclusive).
-- Grain: one row a day and post, with its address, and the account, platform and campaign it was uploaded with. Unknown figures are null.
select
    to_char(date, 'YYYY-MM-DD') as date,
    account,
    platform,
    post,
    permalink,
    campaign,
    reach,
    impressions,
    engagements
from first_stream_as_of(cast(:version as bigint))
where date between cast(:first_day as date) and cast(:last_day as date)
order by 1, 4
