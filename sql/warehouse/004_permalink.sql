-- Where a post stands on the web: what is said about it elsewhere names it by its address.

alter table first_stream add permalink text;

create or replace function first_stream_as_of(v bigint) returns setof first_stream language sql stable as $$
    select
        date, account, platform, post, campaign, reach, impressions, engagements, upload_id, row_number, key_hash, removed, permalink
    from (
        select distinct on (r.date, r.key_hash) r.*
        from first_stream as r join uploads_as_of(v) as u using (upload_id)
        order by r.date, r.key_hash, u.committed_version desc
    ) as newest
    where not removed
$$;
