"""Pure rules of equipment: no database, no clock, no user."""
