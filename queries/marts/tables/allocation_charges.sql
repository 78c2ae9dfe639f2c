-- What the rules of allocation.csv spread in a month: the negative where a cost was taken, the positive where it went.
-- They add up to 0 per rule, connection, currency and charge period. Parts of 0 are kept: they say what a weight of 0 got.
-- Grain: rule, role, project, connection, currency.
create table if not exists marts.allocation_charges (
    billing_period varchar not null,
    charge_period_start timestamp not null,
    charge_period_end timestamp not null,
    provider varchar not null,
    connection varchar not null, -- of the cost that was taken, also where it went
    project varchar not null,
    rule varchar not null,
    kind varchar not null, -- shared, idle
    method varchar not null, -- even, cost, usage, percent
    meter varchar not null, -- of the method usage
    role varchar not null, -- source, target
    source_cost decimal(38, 12), -- of a source: what was taken; what is left of it after effective_cost is unallocated
    received_shared_cost decimal(38, 12), -- of a source: the part of it that earlier shared rules had given
    received_idle_cost decimal(38, 12), -- and idle ones
    weight decimal(38, 12), -- of a target
    total_weight decimal(38, 12), -- of all targets of the rule, also of those that get nothing
    is_even_instead boolean not null, -- all weights were 0
    effective_cost decimal(38, 12) not null,
    billing_currency varchar not null,
    price_source varchar not null -- allocation.csv line 3
)
