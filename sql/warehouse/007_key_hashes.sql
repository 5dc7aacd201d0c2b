-- A key's hash as its 32 bytes, half as long as its hexadecimal digits: rows come in faster, and are compared byte by byte.

alter table account_reach alter key_hash type bytea using decode(key_hash, 'hex');
alter table first_stream alter key_hash type bytea using decode(key_hash, 'hex');
alter table spend alter key_hash type bytea using decode(key_hash, 'hex');
alter table fx_rates alter key_hash type bytea using decode(key_hash, 'hex');
alter table aliases alter key_hash type bytea using decode(key_hash, 'hex');
alter table rules alter key_hash type bytea using decode(key_hash, 'hex');
