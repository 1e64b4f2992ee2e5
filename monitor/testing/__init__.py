"""What tests stand on: a clock that jumps, a world to break. Imported by tests only; a test of the floors keeps it so."""
