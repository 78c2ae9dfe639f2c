-- The month's sub accounts and the projects they belong to. Grain: billing period, connection, sub account.
create table if not exists pricing.accounts (
    billing_period varchar not null,
    connection varchar not null,
    provider varchar not null,
    sub_account_id varchar not null,
    sub_account_name varchar not null,
    project varchar not null,
    cost_center varchar not null,
    owner varchar not null,
    is_mapped boolean not null -- false: named by itself, projects.csv says nothing
)
