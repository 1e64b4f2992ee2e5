-- What a customer would have waited, apart from a run's whole time; NULL: no evidence, or older than this column.
ALTER TABLE result ADD COLUMN latency_us INTEGER;

-- What was found normal for a check, or for one of its strata; the last few versions of each.
CREATE TABLE learned (
    check_id   INTEGER NOT NULL,
    stratum_id INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    at         REAL NOT NULL,
    force      TEXT NOT NULL,
    note       TEXT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (check_id, stratum_id, version)
) WITHOUT ROWID;
