-- Of each incident at each desk, the first row that is not sent yet: whose turn it is. Written with the outbox, in its transaction, so
-- that to find the next one to be sent costs the same whatever waits behind it.
CREATE TABLE outbox_turn (
    desk     TEXT NOT NULL,
    incident TEXT NOT NULL,
    severity TEXT NOT NULL,
    next_at  REAL NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (desk, incident)
) WITHOUT ROWID;

CREATE INDEX outbox_turn_worst ON outbox_turn (desk, severity, next_at, seq);

INSERT INTO outbox_turn
SELECT desk, incident, json_extract(body, '$.ticket.severity'), next_at, seq FROM outbox
WHERE seq IN (SELECT min(seq) FROM outbox WHERE state IN ('new', 'sending', 'retry', 'unsure') GROUP BY desk, incident);
