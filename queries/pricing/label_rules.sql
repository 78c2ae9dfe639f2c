-- The rows of projects.csv that map costs by a label. Of those that match a cost the lowest rank wins: rows that name
-- the connection before those for any, and then the order of the book. Grain: billing period, rank.
create table if not exists pricing.label_rules (
    billing_period varchar not null,
    rank integer not null,
    connection varchar not null, -- '': any
    label_key varchar not null,
    label_value varchar not null
)
