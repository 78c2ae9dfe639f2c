-- The snapshots that landed in each month, all of them: each one counts, and none is ever replaced. The hash is over the
-- hashes of their raw files in the order of their capture. Grain: connection, dataset, period.
-- Parameters: $first_period, $billing_period.
select
    connection,
    dataset,
    period,
    sha256(string_agg(sha256, chr(10) order by captured_at, kind, credential, sha256)) as inputs_sha256
from landing.raw_files
where period >= $first_period and period <= $billing_period
group by connection, dataset, period
order by connection, dataset, period
