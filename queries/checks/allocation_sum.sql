-- Rules of allocation.csv that give more or less than they take: what they spread must add up to 0, and no more may go
-- than there was. One row per rule, connection, currency and charge period that differs. Parameters: $billing_period.
select
    rule,
    connection,
    billing_currency,
    charge_period_start,
    cast(sum(source_cost) as decimal(38, 12)) as source_total,
    cast(sum(effective_cost) filter (where role = 'target') as decimal(38, 12)) as our_total,
    cast(sum(effective_cost) as decimal(38, 12)) as difference
from marts.allocation_charges
where billing_period = $billing_period
group by rule, connection, billing_currency, charge_period_start
having
    sum(effective_cost) <> 0
    or abs(coalesce(sum(effective_cost) filter (where role = 'target'), 0)) > abs(coalesce(sum(source_cost), 0))
order by rule, connection, billing_currency, charge_period_start
