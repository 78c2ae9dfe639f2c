-- Control: the cores that SysEleven states of a region against those of its machines' flavors, in core-hours over all
-- samples. Only a warning: the document's own example differs in one region, and what counts is what is stated.
-- Only where every sample that states cores states flavors too, all of them in the provider's flavor table (notices.sql
-- tells of others). Sizes are those of providers/syseleven/checks.py; a test holds both together.
-- Grain: project, region. Parameters: $connection, $billing_period, $period_start, $period_end, $max_gap_seconds.
with sizes as (
    select
        unnest(['tiny', 'small', 'medium', 'large', 'xlarge', 'xxlarge', '2xlarge', '4xlarge']) as size,
        unnest([1, 2, 4, 8, 16, 32, 32, 64]) as cores
),

samples as (
    select
        project_id,
        region,
        bool_or(resource = 'compute.cores') as has_cores,
        bool_or(resource = 'compute.flavors') as has_flavors,
        bool_or(
            resource = 'compute.flavors'
            and type <> ''
            and not regexp_full_match(type, '[ml][0-9][cr]?\.(tiny|small|medium|large|xlarge|xxlarge|2xlarge|4xlarge)')
        ) as has_other_flavors
    from staging.syseleven_usage_values
    where
        x_connection = $connection
        and x_captured_at >= cast($period_start as timestamp) - to_seconds(cast($max_gap_seconds as bigint))
        and x_captured_at < $period_end
    group by
        project_id,
        region,
        x_receipt
),

regions as (
    select
        project_id,
        region
    from samples
    where has_cores
    group by
        project_id,
        region
    having bool_and(has_flavors and not has_other_flavors)
),

totals as (
    select
        usage.sub_account_id,
        usage.region,
        sum(usage.consumed_quantity) filter (where usage.meter = 'core_hours') as stated,
        coalesce(sum(usage.consumed_quantity * sizes.cores), 0) as by_flavors
    from facts.usage as usage
    inner join regions on usage.sub_account_id = regions.project_id and usage.region = regions.region
    left join sizes on usage.meter like 'flavor:%' and regexp_extract(usage.meter, '\.([0-9a-z]+)_hours$', 1) = sizes.size
    where usage.connection = $connection and usage.billing_period = $billing_period
    group by
        usage.sub_account_id,
        usage.region
)

select
    $connection as connection,
    $billing_period as billing_period,
    'core-hours of ' || sub_account_id || ' in ' || region || ', by its flavors' as control,
    cast(stated as decimal(38, 12)) as source_total,
    cast(by_flavors as decimal(38, 12)) as our_total,
    'core-hour' as unit,
    -- each quantity was rounded at the 12th decimal
    cast(if(abs(stated - by_flavors) <= 0.000001, 0, stated - by_flavors) as decimal(38, 12)) as difference,
    true as is_warning
from totals
where stated is not null
order by
    sub_account_id,
    region
