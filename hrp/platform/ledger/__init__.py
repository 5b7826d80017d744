"""The one shared journal: books, accounts, funds, periods, entries and lines.

Every posted document of every module leaves balanced lines here; statistics (headcount, visits, m²) travel the same
road as lines on ``stat`` accounts with quantity and no amount. Entries and lines are append-only. Only this package
touches these tables: others go through :mod:`services`, :mod:`selectors` and :mod:`drafts`.
"""
