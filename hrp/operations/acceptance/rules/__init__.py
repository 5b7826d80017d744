"""Pure: spans of days a report may cover, tables computed from plain rows, the archive's manifest."""
