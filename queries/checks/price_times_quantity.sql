-- Charges whose cost is not their quantity times their price, to half of the 12th decimal, or is not there at all. Parameters: $billing_period.
select
    connection,
    sub_account_id,
    region,
    resource_id,
    meter,
    charge_period_start,
    pricing_quantity,
    list_unit_price,
    list_cost
from marts.charges
where
    billing_period = $billing_period
    and cost_basis in ('price_book', 'commitment')
    and coalesce(
        abs(
            list_cost
            - cast(floor(pricing_quantity) as decimal(26, 0)) * list_unit_price
            - cast(
                cast(pricing_quantity - floor(pricing_quantity) as decimal(13, 12))
                * cast(list_unit_price as decimal(24, 12))
                as decimal(38, 24)
            )
        ) > 0.0000000000005,
        true
    )
order by connection, sub_account_id, region, resource_id, meter, charge_period_start
