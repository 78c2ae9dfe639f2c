-- The charges of a closed revision while it is compared with what the month costs now, read from its charges.parquet.
-- Empty otherwise. Grain: as in marts.charges.
create table if not exists marts.frozen_charges (
    charge_period_start timestamp not null,
    charge_period_end timestamp not null,
    provider varchar not null,
    connection varchar not null,
    sub_account_id varchar not null,
    project varchar not null,
    region varchar not null,
    resource_id varchar not null,
    cluster varchar not null,
    namespace varchar not null,
    workload varchar not null,
    workload_type varchar not null,
    meter varchar not null,
    basis varchar not null,
    pricing_quantity decimal(38, 12),
    list_unit_price decimal(38, 12),
    effective_cost decimal(38, 12),
    billing_currency varchar,
    cost_basis varchar,
    commitment_discount_status varchar, -- null in this and the next: of a revision before there were any
    from_quantity decimal(38, 12)
)
