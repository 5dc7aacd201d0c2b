-- Purpose: the rules by which rows find their channel or campaign, those that hold.
-- Parameters: version.
-- Grain: one row a kind (channel, campaign) and its conditions, as they were written; what a rule does not ask for is null. Days are ISO text.
select
    kind,
    source,
    medium,
    platform,
    name,
    hashtag,
    keyword,
    post,
    to_char(first_day, 'YYYY-MM-DD') as first_day,
    to_char(last_day, 'YYYY-MM-DD') as last_day,
    means
from rules_as_of(cast(:version as bigint))
where active is not false
order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
