select spot > 0 as is_spot, on_demand > 0 as is_on_demand, sum(cost) as cost
from read_parquet('{{ env_var("BENCH_FOLDER") }}/costs.parquet')
group by all
