-- Runs asked for under suspicion, off the grid. Apart from "result": availability, roll-ups and the schedule's places never see them.
-- "slot" is the latest slot of the grid when it was asked for, "extra" counts the runs asked for since.
CREATE TABLE extra (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,  -- grows with time: retention takes from the low end
    check_id       INTEGER NOT NULL,
    location_id    INTEGER NOT NULL,
    slot           INTEGER NOT NULL,
    extra          INTEGER NOT NULL,
    covers_id      INTEGER NOT NULL,  -- the step it was made for; "" when it was the whole run
    target_id      INTEGER NOT NULL,
    stratum_id     INTEGER NOT NULL,
    due            REAL NOT NULL,
    started_us     INTEGER NOT NULL,  -- microseconds after due
    duration_us    INTEGER NOT NULL,
    late_us        INTEGER NOT NULL,
    outcome        INTEGER NOT NULL,  -- see OUTCOMES in rows.py
    good           INTEGER,           -- NULL: not measured
    reason_id      INTEGER NOT NULL,
    failed_step_id INTEGER NOT NULL,
    run_id         TEXT NOT NULL,
    latency_us     INTEGER,           -- NULL: no evidence
    UNIQUE (check_id, location_id, slot, extra)
);

CREATE INDEX extra_due ON extra (check_id, due);
