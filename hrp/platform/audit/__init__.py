"""The action log, its sealed chain and the history of registers: what was done, by whom, and proof of it.

Every verb of the product writes one row of the action log in its own transaction. A trigger hashes the row; a duty
seals rows into chained blocks every half minute; the head of the chain is written outside the database, so that not
even its superuser can rewrite the past unnoticed. ``hrp audit verify`` recomputes all of it.
"""
