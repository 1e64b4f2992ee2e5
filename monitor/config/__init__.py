"""Configuration: YAML files to a ``Config``. The only room that knows every kind of everything.

Reading goes one way: ``files`` and ``reader`` (bytes to a tree that knows where everything stands), ``snapshot`` (all files, as
they were at one moment), the grammars (what may be written), the builders (what it means), ``load`` (all of it).
"""

from monitor.config.load import MAIN_FILE, load
from monitor.config.problems import ConfigError, Problem
from monitor.config.settings import AUTHOR, Config, DeskConfig, Heartbeat, Maintenance, Service

__all__ = ["AUTHOR", "MAIN_FILE", "Config", "ConfigError", "DeskConfig", "Heartbeat", "Maintenance", "Problem", "Service", "load"]
