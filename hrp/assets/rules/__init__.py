"""Rules of fixed assets: pure functions of numbers and months, no database (import-linter keeps Django out)."""
