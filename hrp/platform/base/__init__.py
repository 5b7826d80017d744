"""The floor of the house: refusals, the clock, exact field types, the append-only base and the small registries.

Imports nothing of ours. Everything here is needed by rooms that may not import one another.
"""
