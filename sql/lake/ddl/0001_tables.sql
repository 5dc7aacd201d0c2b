-- Purpose: the tables of the lake, as they are to be made: Apache Iceberg in the Glue catalogue, Parquet in S3.
-- `python -m pipelines provision` makes them from the same declarations (pipelines/stores/catalog.py); this file is for who wants to read them, or to
-- make them by hand in Athena: put the lake's own URL for s3://bucket/prefix, and the database's name for touchline.
-- A later change of a table is a file of its own with the next number and `alter table` in it: a number that is out is never edited.
-- Partition fields: dt is the UTC day of a row; derived tables lie by the first nine characters of the day, which are up to ten days.

create table touchline.mentions (
  mention_id string,
  occurred_at timestamp,
  dt string,
  account string,
  platform string,
  campaign string,
  mentions bigint,
  sentiment string,
  author string,
  text string,
  url string,
  post string,
  reach bigint,
  engagements bigint,
  upload_id string,
  row_number bigint
)
partitioned by (dt)
location 's3://bucket/prefix/curated/touchline.db/mentions'
tblproperties ('table_type' = 'iceberg', 'format' = 'parquet', 'write_compression' = 'zstd', 'vacuum_max_snapshot_age_seconds' = '7776000');

create table touchline.touchpoints (
  touchpoint_id string,
  occurred_at timestamp,
  dt string,
  person string,
  source string,
  medium string,
  channel string,
  campaign string,
  platform string,
  account string,
  creative string,
  post string,
  kind string,
  milestone string,
  consent boolean,
  upload_id string,
  row_number bigint
)
partitioned by (dt)
location 's3://bucket/prefix/curated/touchline.db/touchpoints'
tblproperties ('table_type' = 'iceberg', 'format' = 'parquet', 'write_compression' = 'zstd', 'vacuum_max_snapshot_age_seconds' = '7776000');

create table touchline.conversions (
  conversion_id string,
  occurred_at timestamp,
  dt string,
  person string,
  type string,
  revenue decimal(18,4),
  currency string,
  upload_id string,
  row_number bigint
)
partitioned by (dt)
location 's3://bucket/prefix/curated/touchline.db/conversions'
tblproperties ('table_type' = 'iceberg', 'format' = 'parquet', 'write_compression' = 'zstd', 'vacuum_max_snapshot_age_seconds' = '7776000');

create table touchline.journeys (
  journey_id string,
  journey_number bigint,
  converted boolean,
  anchored_at timestamp,
  dt string,
  person string,
  bucket bigint,
  type string,
  revenue decimal(18,4),
  refund boolean,
  currency string,
  restart_age_ms bigint,
  person_conversion bigint,
  touchpoint_id string,
  touched_at timestamp,
  age_ms bigint,
  older_age_ms bigint,
  last_age_ms bigint,
  position_from_last bigint,
  next_channel string,
  next_channel_2 string,
  next_channel_3 string,
  channel_set string,
  touches_1 bigint,
  touches_7 bigint,
  touches_14 bigint,
  touches_28 bigint,
  touches_30 bigint,
  touches_60 bigint,
  touches_90 bigint,
  channel string,
  campaign string,
  platform string,
  account string,
  creative string,
  post string,
  kind string,
  milestone string,
  origin string
)
partitioned by (truncate(9, dt), converted)
location 's3://bucket/prefix/curated/touchline.db/journeys'
tblproperties ('table_type' = 'iceberg', 'format' = 'parquet', 'write_compression' = 'zstd', 'vacuum_max_snapshot_age_seconds' = '7776000');

create table touchline.conversion_status (
  conversion_id string,
  converted_at timestamp,
  dt string,
  person string,
  bucket bigint,
  type string,
  revenue decimal(18,4),
  currency string,
  person_conversion bigint,
  nearest_age_ms bigint,
  nearest_consented_age_ms bigint
)
partitioned by (truncate(9, dt))
location 's3://bucket/prefix/curated/touchline.db/conversion_status'
tblproperties ('table_type' = 'iceberg', 'format' = 'parquet', 'write_compression' = 'zstd', 'vacuum_max_snapshot_age_seconds' = '7776000');
