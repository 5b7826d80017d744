"""Purchasing without a database: what to suggest, what to check, how long to keep the record, how good a supplier is."""
