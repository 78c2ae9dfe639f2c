-- The months whose charges stand: what they were made with, and until when their facts had been seen. A month whose
-- facts change loses its row before they do. Grain: billing period.
create table if not exists marts.charged_months (
    billing_period varchar not null,
    inputs_sha256 varchar not null, -- of its prices, the connections' parameters and the version
    observed_until timestamp not null
)
