-- The snapshots that landed in each month, all of them: each one counts, and none is ever replaced. The hash is over the
-- hashes of their raw files in the order of their capture. Grain: connection, provider, dataset, period.
-- Parameters: $first_period, $billing_period.
select
    files.connection,
    receipts.provider,
    files.dataset,
    files.period,
    sha256(
        string_agg(files.sha256, chr(10) order by files.captured_at, files.kind, files.credential, files.sha256)
    ) as inputs_sha256
from landing.raw_files as files
inner join landing.receipts as receipts using (receipt)
where files.period >= $first_period and files.period <= $billing_period
group by files.connection, receipts.provider, files.dataset, files.period
order by files.connection, receipts.provider, files.dataset, files.period
