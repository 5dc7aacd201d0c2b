-- What engines in the cloud ran for us: which statement, how much it scanned, what that came to. Values are not kept.

create table lake_queries (
    number bigint generated always as identity primary key,
    ended_at timestamptz not null default now(),
    engine text not null,
    query_id text,
    statement text not null,
    state text not null check (state in ('succeeded', 'failed', 'cancelled')),
    scanned_bytes bigint not null,
    milliseconds bigint not null,
    dollars double precision not null,
    reused boolean not null,
    error text
);

create index on lake_queries (ended_at);
