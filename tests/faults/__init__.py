"""Fault tests of the whole installation: processes are killed with -9 while programs post through the HTTP API.

``hospital`` a real ``hrp run`` and its processes, ``load`` the posting programs and what they were told, ``storm`` the
seeded killer, ``facts`` what the database holds afterwards; ``replay`` and ``queries`` judge it, one in Python and one
in SQL; ``doctored`` proves that both judges would notice. Run by ``make faults``, by nothing else.
"""
