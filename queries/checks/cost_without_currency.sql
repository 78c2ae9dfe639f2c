-- Charges with a cost and no currency, or with a basis of a cost that they do not have. Parameters: $billing_period.
select connection, sub_account_id, meter, workload, charge_period_start, effective_cost, billing_currency, cost_basis
from marts.charges
where
    billing_period = $billing_period
    and (
        (effective_cost is not null and coalesce(billing_currency, '') = '')
        or (effective_cost is null) <> (cost_basis is null)
    )
order by connection, sub_account_id, meter, workload, charge_period_start
