-- The connections and months that have facts. Grain: connection, month. No parameters.
select distinct
    connection,
    provider,
    billing_period
from facts.coverage
order by all
