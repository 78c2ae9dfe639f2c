-- SysEleven limits (quota): one row per answer of a project, with what was asked for. An answer without regions has a row too.
create table if not exists staging.syseleven_quota_answers (
    x_connection varchar not null,
    x_period varchar not null,
    x_receipt varchar not null,
    x_raw_sha256 varchar not null,
    x_captured_at timestamp not null, -- when it was answered; the body has no time
    project_id varchar not null,
    api_version varchar not null, -- v1, v2, v3
    asked_regions varchar not null, -- comma list, '' for all
    asked_filter varchar not null, -- comma list of components, '' for all
    region_count bigint not null -- answered regions
)
