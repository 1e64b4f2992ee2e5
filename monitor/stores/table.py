"""Every kind of store by name."""

from monitor.stores.sqlite import SqliteStore

KINDS = {"sqlite": SqliteStore}
