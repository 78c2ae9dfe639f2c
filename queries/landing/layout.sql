-- Which tables this warehouse was made with, by the hash of their definitions. Grain: one row.
create table if not exists landing.layout (
    tables_sha256 varchar not null
)
