-- How far each ticket has been heard at its desk, for each incident that is told there: see model/mirror.py.
CREATE TABLE mirror (
    desk      TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    incident  TEXT NOT NULL,
    body      TEXT NOT NULL,
    PRIMARY KEY (desk, remote_id, incident)
) WITHOUT ROWID;
