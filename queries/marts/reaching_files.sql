-- The snapshots of the month after this one that may tell something of it: those of its first days, since no sample holds
-- for longer, and a body is a day older than its answer at most. Grain: raw file.
-- Parameters: $billing_period, of the month after; $reached_until.
select
    files.connection,
    files.dataset,
    files.captured_at,
    files.kind,
    files.credential,
    files.sha256
from landing.raw_files as files
where files.period = $billing_period and files.captured_at < $reached_until
order by all
