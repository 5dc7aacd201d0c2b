-- Uploads come in the order of their days, so days lie together in a table: an index of ranges finds them as well as one of rows does, and
-- costs next to nothing to keep while a million rows come in.

drop index account_reach_date_idx;
create index on account_reach using brin (date) with (pages_per_range = 32, autosummarize = on);
drop index first_stream_date_idx;
create index on first_stream using brin (date) with (pages_per_range = 32, autosummarize = on);
drop index spend_date_idx;
create index on spend using brin (date) with (pages_per_range = 32, autosummarize = on);
