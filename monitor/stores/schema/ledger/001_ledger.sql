-- Written in order, never changed: each hash covers the row and the hash before it.
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    tx TEXT NOT NULL,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX entry_by_tx ON entry (tx, seq);
-- What the oldest entry kept is chained to: the last one that was let go.
CREATE TABLE base (seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
