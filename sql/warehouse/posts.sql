-- Purpose: the own posts whose campaign is known, by whatever they may be named elsewhere.
-- Parameters: version.
-- Grain: one row a post, with its address and the campaign of its newest day that names one.
select distinct on (post) post, permalink, campaign
from first_stream_as_of(cast(:version as bigint))
where campaign is not null
order by post, date desc
