-- Quantities that a price can be put on. Grain: connection, sub account, region, resource, meter, charge period.
create table if not exists facts.usage (
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    billing_period varchar not null,
    sub_account_id varchar not null,
    sub_account_name varchar not null,
    region varchar not null, -- '' when the provider names none
    resource_id varchar not null, -- '' when the figure belongs to the sub account as a whole
    resource_name varchar not null,
    meter varchar not null,
    charge_period_start timestamp not null,
    charge_period_end timestamp not null,
    consumed_quantity decimal(38, 12) not null,
    basis varchar not null -- metered, averaged (an average times its hours), sampled (integrated over samples)
)
