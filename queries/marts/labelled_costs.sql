-- Which texts of labels the costs of a month have, and the rule of pricing.label_rules that each one meets, if any. Of a
-- repeated key the last pair counts. is_cost_only: the sub account has neither usage nor quotas.
-- Grain: connection, sub account, text of labels. Parameters: $billing_period.
with combinations as (
    select distinct
        connection,
        sub_account_id,
        labels
    from facts.costs
    where billing_period = $billing_period
),

texts as (
    select
        connection,
        labels,
        from_json(labels, '[{"key": "VARCHAR", "value": "VARCHAR"}]') as pairs
    from (select distinct connection, labels from combinations)
),

numbered as (
    select
        connection,
        labels,
        unnest(pairs) as pair,
        generate_subscripts(pairs, 1) as position
    from texts
),

last_pairs as (
    select
        connection,
        labels,
        pair.key as label_key,
        pair.value as label_value
    from numbered
    where pair.key in (select label_key from pricing.label_rules where billing_period = $billing_period)
    qualify row_number() over (partition by connection, labels, pair.key order by position desc) = 1
),

met as (
    select
        last_pairs.connection,
        last_pairs.labels,
        min(rules.rank) as rank
    from last_pairs
    inner join pricing.label_rules as rules
        on
            rules.billing_period = $billing_period
            and rules.label_key = last_pairs.label_key
            and rules.label_value = last_pairs.label_value
            and rules.connection in ('', last_pairs.connection)
    group by last_pairs.connection, last_pairs.labels
),

others as (
    select connection, sub_account_id
    from facts.usage
    where billing_period = $billing_period
    union
    select connection, sub_account_id
    from facts.quotas
    where billing_period = $billing_period
)

select
    combinations.connection,
    combinations.sub_account_id,
    combinations.labels,
    met.rank,
    others.connection is null as is_cost_only
from combinations
left join met using (connection, labels)
left join others using (connection, sub_account_id)
