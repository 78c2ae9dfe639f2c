-- Limits and what of them is used, as last seen on a day. Grain: connection, sub account, region, resource, day.
create table if not exists facts.quotas (
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    billing_period varchar not null,
    sub_account_id varchar not null,
    sub_account_name varchar not null,
    region varchar not null,
    resource varchar not null,
    unit varchar not null, -- count, core, MiB, GiB, byte
    limit_quantity decimal(38, 12), -- null with is_unlimited false: not known
    is_unlimited boolean not null,
    used_quantity decimal(38, 12), -- null: not known, which is not zero
    captured_at timestamp not null
)
