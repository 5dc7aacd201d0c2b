-- The rules by which rows find their channel or campaign. A rule that was deleted is a newer row of the same conditions that is not active.

create table rules (
    kind text not null,
    source text,
    medium text,
    platform text,
    name text,
    hashtag text,
    keyword text,
    post text,
    first_day date,
    last_day date,
    means text not null,
    active boolean,
    upload_id text not null,
    row_number bigint,
    key_hash text not null,
    removed boolean not null default false
);

create function rules_as_of(v bigint) returns setof rules language sql stable as $$
    select
        kind, source, medium, platform, name, hashtag, keyword, post, first_day, last_day, means, active,
        upload_id, row_number, key_hash, removed
    from (
        select distinct on (r.key_hash) r.*
        from rules as r join uploads_as_of(v) as u using (upload_id)
        order by r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;
