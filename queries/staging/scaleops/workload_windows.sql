-- ScaleOps workload report: one row per asked window, as answered. Rows of the report carry the same `asked_from`.
create table if not exists staging.scaleops_workload_windows (
    x_connection varchar not null,
    x_period varchar not null,
    x_answer integer not null, -- which of its unit's answers: landing.units_answers
    x_captured_at timestamp not null,
    asked_from timestamp not null, -- the asked window, half-open, UTC
    asked_to timestamp not null,
    window_start timestamp, -- the answered window, UTC; null when it cannot be read
    window_end timestamp,
    is_asked_window boolean not null, -- false: another window was answered, which is never counted for the asked one
    start_time varchar not null, -- as answered
    end_time varchar not null,
    clusters varchar, -- JSON text, a list in its order; null when answered as null
    workload_count bigint, -- null when the list was answered as null
    are_ids_distinct boolean not null, -- each workload has an id of its own, without regard to case
    unknown_fields varchar not null -- JSON text of what stands beside the documented fields, '' when nothing does
)
