"""The clock engine: pure functions from (events, contract terms, calendar, instant) to clocks, flags and duties."""
