"""Acceptance (验收): the clauses of the contract judged for a span of days, and the service report both sides sign.

A report (服务报告) is made from stored rows only, archived as JSON, PDF, Word and an evidence archive, and never changed;
a third party verifies the archive offline with the script inside it.
"""
