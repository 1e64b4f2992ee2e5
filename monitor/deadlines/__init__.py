"""Floor 1: how long something may take, in the hours in which it counts. Pure: instants and calendars in, clocks out."""
