select cluster, namespace, sum(cost) as cost, sum(spot) as spot, sum(on_demand) as on_demand
from {{ ref('by_workload') }}
group by all
