-- The reports that stand: what they say of themselves, and the hash of all that they and the revisions beside them were
-- made from. While that is the same, a month that is over has nothing new to say. Grain: billing period.
create table if not exists marts.standing_reports (
    billing_period varchar not null,
    inputs_sha256 varchar not null,
    told varchar not null -- JSON: what people who watch the runs are told
)
