"""Floor 2: selectors and detectors make alerts of results. State is a value that can be saved and restored."""

from monitor.rules.blindness import Blindness
from monitor.rules.engine import RuleEngine
from monitor.rules.rule import Rule, Selector

__all__ = ["Blindness", "Rule", "RuleEngine", "Selector"]
