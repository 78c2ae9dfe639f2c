-- The projects of costs that a label maps, where their sub account has no row of its own in projects.csv.
-- Grain: billing period, connection, sub account, text of labels.
create table if not exists pricing.labelled_projects (
    billing_period varchar not null,
    connection varchar not null,
    sub_account_id varchar not null,
    labels varchar not null, -- as in facts.costs
    project varchar not null,
    cost_center varchar not null,
    owner varchar not null
)
