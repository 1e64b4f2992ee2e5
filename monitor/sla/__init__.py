"""Availability as arithmetic: whole seconds, half-open intervals, exact fractions. No clock, no store, no rounding on the way."""
