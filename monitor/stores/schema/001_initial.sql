-- Everything the service keeps. Instants are UTC seconds; names are interned in "word" so that a result takes some 70 bytes.

CREATE TABLE word (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Each check seen from each location: lets a start find the highest slots, and retention the keys, without a scan.
CREATE TABLE series (
    check_id    INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    PRIMARY KEY (check_id, location_id)
) WITHOUT ROWID;

CREATE TABLE result (
    check_id       INTEGER NOT NULL,
    location_id    INTEGER NOT NULL,
    slot           INTEGER NOT NULL,
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
    PRIMARY KEY (check_id, location_id, slot)
) WITHOUT ROWID;

CREATE TABLE missed (
    check_id    INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    first_slot  INTEGER NOT NULL,
    last_slot   INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    at          REAL NOT NULL,
    PRIMARY KEY (check_id, location_id, first_slot)
) WITHOUT ROWID;

CREATE TABLE evidence (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,  -- grows with time: retention takes from the low end
    run_id TEXT NOT NULL UNIQUE,
    at     REAL NOT NULL,
    body   BLOB NOT NULL                       -- zlib-compressed JSON, redacted before it came here
);

-- The 5 minutes each series is in. Rewritten with every result, hence small and apart; folded into "rollup" when they are over.
CREATE TABLE open_cell (
    check_id    INTEGER NOT NULL,
    stratum_id  INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    up          INTEGER NOT NULL,
    down        INTEGER NOT NULL,
    unknown     INTEGER NOT NULL,
    missed      INTEGER NOT NULL,
    first_slot  INTEGER NOT NULL,
    last_slot   INTEGER NOT NULL,
    outcomes    BLOB NOT NULL,
    histogram   BLOB NOT NULL,
    PRIMARY KEY (check_id, stratum_id, location_id)
) WITHOUT ROWID;

-- 5 minutes, an hour or a day of one series, without what is still in "open_cell": a reader adds the two.
CREATE TABLE rollup (
    seconds     INTEGER NOT NULL,
    check_id    INTEGER NOT NULL,
    start       INTEGER NOT NULL,
    stratum_id  INTEGER NOT NULL,
    location_id INTEGER NOT NULL,
    up          INTEGER NOT NULL,
    down        INTEGER NOT NULL,
    unknown     INTEGER NOT NULL,
    missed      INTEGER NOT NULL,
    first_slot  INTEGER NOT NULL,
    last_slot   INTEGER NOT NULL,
    outcomes    BLOB NOT NULL,
    histogram   BLOB NOT NULL,
    PRIMARY KEY (seconds, check_id, start, stratum_id, location_id)
) WITHOUT ROWID;

CREATE TABLE rule_state (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE alert (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE incident (
    id       TEXT PRIMARY KEY,
    status   TEXT NOT NULL,
    target   TEXT NOT NULL,
    opened   REAL NOT NULL,
    changed  REAL NOT NULL,
    resolved REAL,
    body     TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX incident_opened ON incident (opened);
CREATE INDEX incident_changed ON incident (changed);
CREATE INDEX incident_unresolved ON incident (status) WHERE status <> 'resolved';
CREATE INDEX incident_resolved ON incident (resolved) WHERE resolved IS NOT NULL;

CREATE TABLE timeline (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    incident TEXT NOT NULL,
    body     TEXT NOT NULL
);

CREATE INDEX timeline_incident ON timeline (incident, id);

CREATE TRIGGER timeline_is_not_rewritten BEFORE UPDATE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END;

CREATE TRIGGER timeline_is_not_erased BEFORE DELETE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END;

CREATE TABLE outbox (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which commands were given
    id       TEXT NOT NULL UNIQUE,
    desk     TEXT NOT NULL,
    incident TEXT NOT NULL,
    state    TEXT NOT NULL,
    created  REAL NOT NULL,
    next_at  REAL NOT NULL,
    body     TEXT NOT NULL
);

CREATE INDEX outbox_unsent ON outbox (desk, incident, seq) WHERE state IN ('new', 'sending', 'retry', 'unsure');
CREATE INDEX outbox_waiting ON outbox (desk, state, created) WHERE state IN ('new', 'sending', 'retry', 'unsure', 'dead');
CREATE INDEX outbox_incident ON outbox (incident, seq);

CREATE TABLE window (
    id     TEXT PRIMARY KEY,
    starts REAL NOT NULL,
    ends   REAL NOT NULL,  -- the instant it really ended, when it was ended early
    body   TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX window_ends ON window (ends);
