-- Costs that a provider states itself. Grain: connection, workload, charge period.
create table if not exists facts.costs (
    connection varchar not null,
    provider varchar not null,
    dataset varchar not null,
    billing_period varchar not null,
    sub_account_id varchar not null, -- cluster/namespace
    sub_account_name varchar not null,
    cluster varchar not null,
    namespace varchar not null,
    workload varchar not null,
    workload_type varchar not null,
    resource_id varchar not null,
    labels varchar not null, -- JSON text: a list of key and value, as answered; of a repeated key the last one counts
    charge_period_start timestamp not null,
    charge_period_end timestamp not null,
    billing_currency varchar not null,
    effective_cost decimal(38, 12), -- null: the provider gave none
    spot_hours decimal(38, 12),
    on_demand_hours decimal(38, 12),
    savings_available decimal(38, 12)
)
