"""Sterile supply (消毒供应) and reagents (试剂): packs that go round and round, each step by a person and a machine, and
reagents that are opened, calibrated, counted against what the laboratory did, or kept under two locks.

Registers: pack types, machines, packs with append-only steps, loads with append-only results, foreign instrument sets,
opened vials, reagent norms, counts of the laboratory system, entries of hazardous goods. Documents: none of its own;
back-flushing drafts 出库单.
"""
