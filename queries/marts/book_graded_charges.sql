-- Usage that commitments and tiers price, split into lines of one price row each, and what of commitments was not used.
-- A commitment covers 24 times its level each UTC day; several add up in the order of their lines. What is above them
-- counts into the month's running quantity of its connection, sub account, meter and price keys, in the order of day,
-- region, resource and basis, and each tier prices the part from its boundary to the next one's.
-- All quantities are whole trillionths of the pricing unit; consumed quantities add up to the line's.
-- Grain: as in marts.book_charges, and price row. Parameters: $billing_period.
with month_days as (
    select cast(unnest(generate_series(
        cast($billing_period || '-01' as timestamp),
        cast($billing_period || '-01' as timestamp) + interval 1 month - interval 1 day,
        interval 1 day
    )) as timestamp) as day
),

price_days as (
    select
        prices.*,
        month_days.day,
        pricing.trillionths(prices.from_quantity) as tier_start,
        24 * pricing.trillionths(prices.committed_quantity) as committed
    from pricing.prices as prices
    inner join month_days
        on prices.valid_from <= month_days.day and (prices.valid_to is null or month_days.day < prices.valid_to)
    where prices.billing_period = $billing_period
),

commitments as materialized (
    select
        *,
        cast(sum(committed) over covering as hugeint) as covers_to,
        cast(sum(committed) over covering as hugeint) - committed as covers_from
    from price_days
    where committed_quantity is not null
    window covering as (
        partition by connection, sub_account_id, region, meter, day
        order by length(price_source), price_source
    )
),

tiers as (
    select
        *,
        lead(tier_start) over (
            partition by provider, connection, sub_account_id, region, meter, day order by tier_start
        ) as tier_end
    from price_days
    where committed_quantity is null
),

-- where the usage of each line begins and ends in what its day's commitments cover
lines as (
    select
        charges.*,
        cast(meters.units_per_pricing_unit as hugeint) as units_per_pricing_unit,
        pricing.trillionths(charges.consumed_quantity) as consumed,
        pricing.trillionths(charges.pricing_quantity) as quantity,
        covers.region as committed_region,
        coalesce(covers.committed, 0) as committed,
        cast(sum(pricing.trillionths(charges.pricing_quantity)) over used as hugeint) as used_to
    from marts.book_charges as charges
    inner join pricing.meters as meters
        on meters.billing_period = $billing_period and meters.meter = charges.meter
    left join (
        select connection, sub_account_id, region, meter, day, max(covers_to) as committed
        from commitments
        group by connection, sub_account_id, region, meter, day
    ) as covers
        on
            covers.connection = charges.connection
            and covers.sub_account_id = charges.sub_account_id
            and covers.region in ('', charges.region)
            and covers.meter = charges.meter
            and covers.day = charges.charge_period_start
    where charges.billing_period = $billing_period and charges.is_graded
    window used as (
        partition by
            charges.connection, charges.sub_account_id, covers.region, charges.meter, charges.charge_period_start
        order by charges.region, charges.resource_id, charges.basis
    )
),

covered as materialized (
    select
        lines.*,
        least(used_to, covers_to) - greatest(used_to - quantity, covers_from) as part,
        commitments.price_source as part_source,
        commitments.list_unit_price as part_price,
        commitments.billing_currency as part_currency,
        commitments.price_digits,
        commitments.price_divisor
    from lines
    inner join commitments
        on
            commitments.connection = lines.connection
            and commitments.sub_account_id = lines.sub_account_id
            and commitments.region = lines.committed_region
            and commitments.meter = lines.meter
            and commitments.day = lines.charge_period_start
            and least(used_to, covers_to) > greatest(used_to - quantity, covers_from)
),

-- what is left of a line above its commitments: all of one of nothing or less
above as (
    select
        *,
        case when quantity <= 0 then quantity else used_to - greatest(used_to - quantity, committed) end as rest
    from lines
    where quantity <= 0 or used_to > committed
),

running as (
    select
        above.*,
        prices.connection as price_connection,
        prices.sub_account_id as price_sub_account_id,
        prices.region as price_region,
        cast(sum(rest) over (
            partition by
                above.connection, above.sub_account_id, above.meter,
                prices.connection, prices.sub_account_id, prices.region
            order by above.charge_period_start, above.region, above.resource_id, above.basis
        ) as hugeint) as runs_to
    from above
    left join pricing.prices as prices
        on prices.billing_period = $billing_period and prices.price_source = above.price_source
),

graded as (
    select
        running.*,
        runs_to - rest as runs_from,
        tiers.price_source as part_source,
        tiers.list_unit_price as part_price,
        tiers.billing_currency as part_currency,
        tiers.price_digits,
        tiers.price_divisor,
        tiers.from_quantity as part_from,
        case when tiers.tier_start > 0 then tiers.tier_start else least(runs_to - rest, 0) end as tier_start,
        coalesce(tiers.tier_end, greatest(runs_to, runs_to - rest) + 1) as tier_end
    from running
    left join tiers
        on
            tiers.provider = running.provider
            and tiers.connection = running.price_connection
            and tiers.sub_account_id = running.price_sub_account_id
            and tiers.region = running.price_region
            and tiers.meter = running.meter
            and tiers.day = running.charge_period_start
),

parts as (
    select
        *,
        part * units_per_pricing_unit as part_consumed,
        'Used' as commitment_discount_status,
        cast(null as decimal(38, 12)) as part_from
    from covered
    union all by name
    select
        * exclude (runs_from, runs_to, tier_start, tier_end),
        case when rest <= 0 then rest else least(runs_to, tier_end) - greatest(runs_from, tier_start) end as part,
        case
            when rest <= 0 or runs_to <= tier_end
                then
                    consumed - units_per_pricing_unit * (quantity - rest + greatest(runs_from, tier_start) - runs_from)
            else (tier_end - greatest(runs_from, tier_start)) * units_per_pricing_unit
        end as part_consumed,
        '' as commitment_discount_status
    from graded
    where
        case
            when rest > 0 then least(runs_to, tier_end) > greatest(runs_from, tier_start)
            else tier_start <= runs_from and runs_from < tier_end
        end
),

costed as (
    select
        * exclude (list_cost),
        pricing.from_trillionths(
            pricing.times_price(part, cast(price_digits as hugeint), cast(price_divisor as hugeint))
        ) as list_cost
    from (
        select
            * exclude (part),
            pricing.affordable(
                part,
                part_price,
                connection || ' ' || meter || ' of ' || sub_account_id || ' on ' || cast(charge_period_start as date),
                part_source
            ) as part
        from parts
    )
),

unused as (
    select
        commitments.*,
        pricing.from_trillionths(
            pricing.times_price(
                committed - coalesce(used.quantity, 0), cast(price_digits as hugeint), cast(price_divisor as hugeint)
            )
        ) as list_cost,
        committed - coalesce(used.quantity, 0) as part
    from commitments
    left join (
        select part_source, charge_period_start, cast(sum(part) as hugeint) as quantity
        from covered
        group by part_source, charge_period_start
    ) as used
        on used.part_source = commitments.price_source and used.charge_period_start = commitments.day
    where committed > coalesce(used.quantity, 0)
)

select
    $billing_period as billing_period,
    charge_period_start,
    charge_period_end,
    provider,
    connection,
    sub_account_id,
    sub_account_name,
    project,
    region,
    resource_id,
    resource_name,
    meter,
    unit,
    pricing.from_trillionths(part_consumed) as consumed_quantity,
    pricing.from_trillionths(part) as pricing_quantity,
    pricing_unit,
    part_price as list_unit_price,
    list_cost,
    list_cost as effective_cost,
    part_currency as billing_currency,
    case when commitment_discount_status = 'Used' then 'committed' else 'unknown' end as pricing_category,
    case
        when commitment_discount_status = 'Used' then 'commitment'
        when part_source is not null then 'price_book'
    end as cost_basis,
    part_source as price_source,
    basis,
    commitment_discount_status,
    part_from as from_quantity
from costed
union all
select
    $billing_period as billing_period,
    unused.day as charge_period_start,
    unused.day + interval 1 day as charge_period_end,
    unused.provider,
    unused.connection,
    unused.sub_account_id,
    accounts.sub_account_name,
    accounts.project,
    unused.region,
    '' as resource_id,
    'unused commitment' as resource_name,
    unused.meter,
    unused.pricing_unit as unit,
    cast(null as decimal(38, 12)) as consumed_quantity,
    pricing.from_trillionths(unused.part) as pricing_quantity,
    unused.pricing_unit,
    unused.list_unit_price,
    unused.list_cost,
    unused.list_cost as effective_cost,
    unused.billing_currency,
    'committed' as pricing_category,
    'commitment' as cost_basis,
    unused.price_source,
    'contracted' as basis,
    'Unused' as commitment_discount_status,
    cast(null as decimal(38, 12)) as from_quantity
from unused
inner join pricing.accounts as accounts
    on
        accounts.billing_period = $billing_period
        and accounts.connection = unused.connection
        and accounts.sub_account_id = unused.sub_account_id
