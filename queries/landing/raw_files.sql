-- One row per landed answer: what was asked, when, and the hash that names its raw file.
create table if not exists landing.raw_files (
    receipt varchar not null,
    answer integer not null, -- its number in the receipt, from 0
    connection varchar not null,
    dataset varchar not null,
    period varchar not null,
    kind varchar not null,
    asked map(varchar, varchar) not null,
    credential varchar not null,
    status integer not null,
    sha256 varchar not null,
    size_bytes bigint not null,
    captured_at timestamp not null
)
