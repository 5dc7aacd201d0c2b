-- What an upload tells beside its counts, which upload reads another one's file again, and the mappings that people want remembered.

alter table uploads
    add rows_accepted bigint not null default 0,
    add rows_merged bigint not null default 0,
    add rows_totals bigint not null default 0,
    add rows_removed bigint not null default 0,
    add export text not null default '',
    add container text not null default '',
    add options jsonb not null default '{}',
    add said_mapping jsonb not null default '{}',
    add said_fixed jsonb not null default '{}',
    add totals jsonb not null default '[]',
    add replaces text references uploads;

update uploads set
    rows_accepted = case when status = 'committed' then rows_new + rows_replaced + rows_unchanged else rows_read - rows_refused end,
    said_mapping = mapping,
    said_fixed = fixed;
update uploads set rows_merged = rows_read - rows_refused - rows_accepted;

alter table uploads add constraint every_row_is_accounted_for check (rows_read = rows_accepted + rows_merged + rows_refused + rows_totals);
create index on uploads (replaces);
create unique index one_reading_stands on uploads (replaces) where status = 'committed' and undone_at is null;
create index on uploads (sha256);

comment on column uploads.rows_merged is 'Rows that were added to, or say the same as, an earlier row of the file (of uploads before this column was there: totals rows, too).';
comment on column uploads.rows_removed is 'Stored rows that the file lacks and that were removed because the person said so.';
comment on column uploads.said_mapping is 'What the person said about the columns; mapping is what became of it. Likewise said_fixed and fixed, and options.';
comment on column uploads.totals is 'The figures of the file''s totals rows beside ours: a list of row, label, field, file, ours, agrees.';
comment on column uploads.replaces is 'The upload whose file this one reads again: while this one stands, that one does not count.';

-- Which uploads count at version v: committed, not undone, and not read again by one that stands. An upload that was read again twice is still
-- covered by the first of the two, which stands although it does not count.
create or replace function uploads_as_of(v bigint) returns setof uploads language sql stable as $$
    select *
    from uploads as u
    where
        committed_version <= v
        and (undone_version is null or undone_version > v)
        and not exists (
            select 1
            from uploads as again
            where
                again.replaces = u.upload_id
                and again.committed_version <= v
                and (again.undone_version is null or again.undone_version > v)
        )
$$;

create view standing_uploads as
select *
from uploads as u
where
    status = 'committed'
    and undone_at is null
    and not exists (
        select 1
        from uploads as again
        where again.replaces = u.upload_id and again.status = 'committed' and again.undone_at is null
    );
comment on view standing_uploads is 'The uploads that count, or will once every undo that has begun is done.';

create table remembered_mappings (
    id text primary key,
    source text not null,
    header_key text not null,
    header text[] not null,
    mapping jsonb not null,
    fixed jsonb not null,
    options jsonb not null,
    saved_by text not null,
    saved_at timestamptz not null default clock_timestamp(),
    forgotten_at timestamptz,
    forgotten_by text
);
create index on remembered_mappings (header_key);
comment on table remembered_mappings is 'How files with a header are read: of each source and header the newest row that is not forgotten holds.';
comment on column remembered_mappings.header_key is 'SHA-256 over the names of the header, folded as for recognition, in order.';
