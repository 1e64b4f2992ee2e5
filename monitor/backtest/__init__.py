"""Floor 5: yesterday's samples through today's rules. What would have fired, when, how often for nothing, and at what cost.

The way of a backtest: ``samples`` or ``stored`` give lines, ``runs`` makes results of them, ``replay`` feeds them to the same
``RuleEngine`` that runs live and notes what fires, ``score`` holds that against labelled windows. ``compiled`` is the quick way
to the same alarms. ``cases`` is the other half of the room: unit tests of rules, in a notation of their own.
"""
