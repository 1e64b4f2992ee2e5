"""Floor 0: the words of the house as values. No clock, no socket, no file, no randomness.

Instants are UTC seconds since the epoch (float) and are called ``at``, ``due``, ``started`` and so on;
durations end in ``_seconds``; money is an integer of minor units with its currency.
"""
