-- What a span of days of a closed month cost then (marts.frozen_charges) and now, and why: every charge is compared with
-- itself, of the same day, so that the sums of spans add up to the month's.
-- Grain: project, connection, currency. Parameters: $billing_period, $first_day, $end_day (exclusive),
-- $steady_connections: those whose answers are the same as then, so that only settings or software can have changed
-- their quantities and costs; $is_all_steady: whether these are all; $has_same_prices, $has_same_adjustments,
-- $has_same_map, $has_same_allocation: whether prices.csv with commitments.csv, adjustments.csv, projects.csv and
-- allocation.csv are, so that without another answer only software can have changed what they say.
-- The causes of a row add up to effective_cost - previous_effective_cost (null counts as 0 there), digit for digit:
--   changed map    the earlier cost leaves the project that the sub account belonged to, and joins the one of now
--   new data       the quantity of now at the price of then, less the earlier cost; a charge that is new or gone
--   changed price  the cost of now, less the quantity of now at the price of then (rounded as charges are)
--   restated cost  a cost that the provider states, where it stated another one, or takes it back
--   software or settings   all else
-- What adjustments make follows the costs that they are taken of, and is a changed price when their own book changed.
-- What rules spread follows the costs of all connections, which are weights too; when their own book changed it is a
-- changed allocation.
-- What tiers, commitments and minimums price depends on the month's other usage too: it has no price of its own, and all
-- of its difference has one cause.
with marked as (
    select
        *,
        false as is_now
    from marts.frozen_charges
    where charge_period_start >= $first_day and charge_period_start < $end_day
    union all by name
    select
        charge_period_start,
        charge_period_end,
        provider,
        connection,
        sub_account_id,
        project,
        region,
        resource_id,
        cluster,
        namespace,
        workload,
        workload_type,
        meter,
        basis,
        pricing_quantity,
        list_unit_price,
        effective_cost,
        billing_currency,
        cost_basis,
        commitment_discount_status,
        from_quantity,
        true as is_now
    from marts.charges
    where billing_period = $billing_period and charge_period_start >= $first_day and charge_period_start < $end_day
),

graded as (
    select
        * exclude (cost_basis, commitment_discount_status, from_quantity),
        from_quantity is not null
        or coalesce(commitment_discount_status, '') <> ''
        or coalesce(cost_basis, '') = 'minimum' as is_graded
    from marked
),

-- what tiers and commitments split is one charge again
whole as (
    select *
    from graded
    where not is_graded
    union all by name
    select
        charge_period_start,
        charge_period_end,
        any_value(provider) as provider,
        connection,
        sub_account_id,
        any_value(project) as project,
        region,
        resource_id,
        cluster,
        namespace,
        workload,
        workload_type,
        meter,
        basis,
        cast(sum(pricing_quantity) as decimal(38, 12)) as pricing_quantity,
        cast(null as decimal(38, 12)) as list_unit_price,
        cast(sum(effective_cost) as decimal(38, 12)) as effective_cost,
        billing_currency,
        is_now,
        true as is_graded
    from graded
    where is_graded
    group by
        connection,
        sub_account_id,
        region,
        resource_id,
        cluster,
        namespace,
        workload,
        workload_type,
        meter,
        basis,
        charge_period_start,
        charge_period_end,
        billing_currency,
        is_now
),

-- A charge that is there twice is compared with its own twin.
numbered as (
    select
        *,
        row_number() over (
            partition by
                is_now, connection, sub_account_id, region, resource_id, cluster, namespace, workload, workload_type,
                meter, basis, charge_period_start, charge_period_end
            order by billing_currency, effective_cost, pricing_quantity, list_unit_price
        ) as twin
    from whole
),

pairs as (
    select
        connection,
        basis,
        coalesce(now.provider, was.provider) as provider,
        was.project as old_project,
        coalesce(now.project, was.project) as project,
        was.basis is not null and now.basis is not null as is_kept,
        now.basis is null as is_gone,
        was.pricing_quantity as old_quantity,
        now.pricing_quantity as new_quantity,
        coalesce(was.is_graded, false) or coalesce(now.is_graded, false) as is_graded,
        case when not coalesce(now.is_graded, false) then was.list_unit_price end as old_price,
        case when not coalesce(was.is_graded, false) then now.list_unit_price end as new_price,
        was.effective_cost as old_cost,
        now.effective_cost as new_cost,
        was.billing_currency as old_currency,
        now.billing_currency as new_currency
    from (select * from numbered where not is_now) as was
    full join (select * from numbered where is_now) as now
        using (
            connection, sub_account_id, region, resource_id, cluster, namespace, workload, workload_type,
            meter, basis, charge_period_start, charge_period_end, twin
        )
),

-- Two currencies are never compared: a cost that changed its currency leaves the one and joins the other.
moves as (
    select
        * exclude (old_currency, new_currency),
        coalesce(new_currency, old_currency) as billing_currency,
        false as is_exchanged
    from pairs
    where old_currency is null or new_currency is null or old_currency = new_currency
    union all by name
    select
        * exclude (old_currency, new_currency) replace (null as new_price, null as new_cost),
        old_currency as billing_currency,
        true as is_exchanged
    from pairs
    where old_currency <> new_currency
    union all by name
    select
        * exclude (old_currency, new_currency) replace (null as old_price, null as old_cost),
        new_currency as billing_currency,
        true as is_exchanged
    from pairs
    where old_currency <> new_currency
),

-- Worked out once: the arithmetic names its operands many times.
digits as materialized (
    select
        *,
        pricing.trillionths(new_quantity) as quantity_digits,
        pricing.trillionths(old_price) as price_digits,
        cast(1000000000000 as hugeint) as price_divisor
    from moves
    where billing_currency is not null
),

products as materialized (
    select
        *,
        case
            when old_quantity <> new_quantity and old_price is distinct from new_price
                then pricing.times_price(quantity_digits, price_digits, price_divisor)
        end as halfway_digits
    from digits
),

-- halfway: the quantity of now at the price of then
weighed as (
    select
        *,
        coalesce(old_cost, 0) as was_cost,
        coalesce(new_cost, 0) as now_cost,
        list_contains($steady_connections, connection) as is_steady,
        case
            when basis not in ('adjusted', 'allocated') and not is_graded then null
            when basis = 'allocated' and not $has_same_allocation then 'changed_allocation'
            when basis = 'adjusted' and not $has_same_adjustments then 'changed_price'
            when
                is_graded
                and not list_contains($steady_connections, connection)
                and old_quantity is distinct from new_quantity
                and (is_kept or basis <> 'contracted')
                then 'new_data'
            when is_graded and not $has_same_prices then 'changed_price'
            when not list_contains($steady_connections, connection) then 'new_data'
            when basis = 'allocated' and not $is_all_steady then 'new_data'
            when not $has_same_prices then 'changed_price'
            when basis = 'allocated' and not $has_same_adjustments then 'changed_price'
            when basis in ('adjusted', 'allocated') and not $has_same_map then 'changed_map'
            else 'software_or_settings'
        end as following_cause,
        old_quantity is distinct from new_quantity as is_other_quantity,
        old_price is distinct from new_price as is_other_price,
        case
            when old_quantity is not distinct from new_quantity then coalesce(old_cost, 0)
            when old_price is not distinct from new_price then coalesce(new_cost, 0)
            else coalesce(pricing.from_trillionths(halfway_digits), 0)
        end as halfway_cost
    from products
),

effects as (
    select project, connection, provider, billing_currency, 'now' as effect, new_cost as effective_cost
    from weighed
    union all
    select coalesce(old_project, project), connection, provider, billing_currency, 'was', old_cost
    from weighed
    union all
    select project, connection, provider, billing_currency, 'changed_map', was_cost
    from weighed
    where old_project <> project
    union all
    select old_project, connection, provider, billing_currency, 'changed_map', -was_cost
    from weighed
    where old_project <> project
    union all
    select
        project,
        connection,
        provider,
        billing_currency,
        case
            when following_cause is not null then following_cause
            when is_steady or (is_exchanged and basis = 'provider') then 'software_or_settings'
            when basis <> 'provider' or not (is_kept or is_gone) then 'new_data'
            else 'restated_cost'
        end,
        now_cost - was_cost
    from weighed
    where basis = 'provider' or not is_kept
    union all
    select
        project,
        connection,
        provider,
        billing_currency,
        case
            when following_cause is not null then following_cause
            when is_steady or not is_other_quantity then 'software_or_settings'
            else 'new_data'
        end,
        case when is_other_quantity or is_other_price then halfway_cost else now_cost end - was_cost
    from weighed
    where basis <> 'provider' and is_kept
    union all
    select
        project,
        connection,
        provider,
        billing_currency,
        case when $has_same_prices then 'software_or_settings' else 'changed_price' end,
        now_cost - halfway_cost
    from weighed
    where basis <> 'provider' and is_kept and is_other_price
)

select
    project,
    connection,
    max(provider) as provider,
    billing_currency,
    cast(sum(effective_cost) filter (where effect = 'was') as decimal(38, 12)) as previous_effective_cost,
    cast(sum(effective_cost) filter (where effect = 'now') as decimal(38, 12)) as effective_cost,
    cast(coalesce(sum(effective_cost) filter (where effect = 'new_data'), 0) as decimal(38, 12)) as new_data,
    cast(coalesce(sum(effective_cost) filter (where effect = 'restated_cost'), 0) as decimal(38, 12)) as restated_cost,
    cast(coalesce(sum(effective_cost) filter (where effect = 'changed_price'), 0) as decimal(38, 12)) as changed_price,
    cast(coalesce(sum(effective_cost) filter (where effect = 'changed_map'), 0) as decimal(38, 12)) as changed_map,
    cast(
        coalesce(sum(effective_cost) filter (where effect = 'changed_allocation'), 0) as decimal(38, 12)
    ) as changed_allocation,
    cast(
        coalesce(sum(effective_cost) filter (where effect = 'software_or_settings'), 0) as decimal(38, 12)
    ) as software_or_settings
from effects
group by project, connection, billing_currency
order by billing_currency, project, connection
