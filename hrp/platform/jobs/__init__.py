"""Background work: jobs deferred in the caller's commit, a visible job list, and duties found by scanning state.

Tasks are declared in each module's ``jobs.py`` with ``@task``; ``defer`` puts one in the queue in the caller's
transaction, so that a rolled-back act leaves no job behind.
"""
