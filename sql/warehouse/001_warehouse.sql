-- The warehouse's tables. Rows of data are only ever added: an upload adds rows, a later one of the same key covers them, an undone one no
-- longer counts. They name their upload without a foreign key: checking it row by row would take longer than storing the rows, and the commit
-- writes both in one transaction. The functions <table>_as_of(v) say which rows hold at version v of the counter.

create table data_version (
    only_row boolean primary key default true check (only_row),
    version bigint not null
);
insert into data_version (version) values (0);

create table uploads (
    upload_id text primary key,
    source text not null,
    file_name text not null,
    sha256 text not null,
    size bigint not null,
    mapping jsonb not null,
    fixed jsonb not null,
    encoding text not null,
    delimiter text not null,
    header_row integer not null,
    rows_read bigint not null,
    rows_new bigint not null,
    rows_replaced bigint not null,
    rows_unchanged bigint not null,
    rows_refused bigint not null,
    first_day date,
    last_day date,
    status text not null check (status in ('pending', 'committed', 'failed')),
    demo boolean not null,
    clears_demo boolean not null,
    uploaded_by text not null,
    started_at timestamptz not null default clock_timestamp(),
    committed_at timestamptz,
    committed_version bigint,
    undone_at timestamptz,
    undone_by text,
    undone_version bigint,
    error text,
    raw_path text not null,
    lake_tables text[] not null default '{}'
);
comment on column uploads.clears_demo is 'The commit takes the demo uploads back: those of the warehouse in the same version, those of the lake right after.';
comment on column uploads.lake_tables is 'The lake tables it has rows for: a dead worker''s upload is whole when all of them hold it.';
comment on column uploads.undone_at is 'Set when an undo begins; undone_version is set when it is done.';

create table refused_rows (
    upload_id text not null references uploads,
    "row" bigint not null,
    "column" text,
    value text,
    reason text not null
);
create index on refused_rows (upload_id);

create table account_reach (
    date date not null,
    account text not null,
    platform text not null,
    reach bigint,
    impressions bigint,
    followers bigint,
    upload_id text not null,
    row_number bigint,
    key_hash text not null,
    removed boolean not null default false
);
create index on account_reach (date);

create table first_stream (
    date date not null,
    account text,
    platform text,
    post text not null,
    campaign text,
    reach bigint,
    impressions bigint,
    engagements bigint,
    upload_id text not null,
    row_number bigint,
    key_hash text not null,
    removed boolean not null default false
);
create index on first_stream (date);

create table spend (
    date date not null,
    channel text,
    campaign text,
    amount numeric(18, 4),
    currency text not null,
    platform text,
    ad_account text,
    ad_group text,
    creative text,
    impressions bigint,
    clicks bigint,
    reported_conversions numeric(18, 4),
    upload_id text not null,
    row_number bigint,
    key_hash text not null,
    removed boolean not null default false
);
create index on spend (date);

create table fx_rates (
    date date not null,
    base text not null,
    quote text not null,
    rate numeric(18, 8) not null,
    upload_id text not null,
    row_number bigint,
    key_hash text not null,
    removed boolean not null default false
);
create index on fx_rates (date);

create table aliases (
    kind text not null,
    from_name text not null,
    to_name text not null,
    upload_id text not null,
    row_number bigint,
    key_hash text not null,
    removed boolean not null default false
);

-- What holds at version v: of each key the row of the newest upload that counts then. Where a key has a day, the day stands first, so that a
-- statement's days reach the index.
create function uploads_as_of(v bigint) returns setof uploads language sql stable as $$
    select * from uploads where committed_version <= v and (undone_version is null or undone_version > v)
$$;

create function account_reach_as_of(v bigint) returns setof account_reach language sql stable as $$
    select date, account, platform, reach, impressions, followers, upload_id, row_number, key_hash, removed
    from (
        select distinct on (r.date, r.key_hash) r.*
        from account_reach as r join uploads_as_of(v) as u using (upload_id)
        order by r.date, r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;

create function first_stream_as_of(v bigint) returns setof first_stream language sql stable as $$
    select date, account, platform, post, campaign, reach, impressions, engagements, upload_id, row_number, key_hash, removed
    from (
        select distinct on (r.date, r.key_hash) r.*
        from first_stream as r join uploads_as_of(v) as u using (upload_id)
        order by r.date, r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;

create function spend_as_of(v bigint) returns setof spend language sql stable as $$
    select
        date, channel, campaign, amount, currency, platform, ad_account, ad_group, creative, impressions, clicks,
        reported_conversions, upload_id, row_number, key_hash, removed
    from (
        select distinct on (r.date, r.key_hash) r.*
        from spend as r join uploads_as_of(v) as u using (upload_id)
        order by r.date, r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;

create function fx_rates_as_of(v bigint) returns setof fx_rates language sql stable as $$
    select date, base, quote, rate, upload_id, row_number, key_hash, removed
    from (
        select distinct on (r.date, r.key_hash) r.*
        from fx_rates as r join uploads_as_of(v) as u using (upload_id)
        order by r.date, r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;

create function aliases_as_of(v bigint) returns setof aliases language sql stable as $$
    select kind, from_name, to_name, upload_id, row_number, key_hash, removed
    from (
        select distinct on (r.key_hash) r.*
        from aliases as r join uploads_as_of(v) as u using (upload_id)
        order by r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;

-- The last good answer to each question and parameters; see pipelines/answers.py.
create table answers (
    question text not null,
    parameters_key text not null,
    parameters jsonb not null,
    data_version text not null,
    computed_at timestamptz not null default clock_timestamp(),
    answer bytea not null,
    primary key (question, parameters_key)
);
