select cluster, namespace, workload, workload_type, sum(cost) as cost, sum(spot) as spot, sum(on_demand) as on_demand
from read_parquet('{{ env_var("BENCH_FOLDER") }}/costs.parquet')
group by all
