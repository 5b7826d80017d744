"""Planted corruption is found by its invariant."""

from __future__ import annotations

from typing import Any

import psycopg

from hrp.assets.changes.invariants import ALL
from hrp.assets.changes.tests.world import ChangeHospital
from hrp.assets.tests.world import FIRST, broken, day

PLANTED = {
    "AST-C1": "UPDATE assets_move SET accumulated = accumulated + 0.01 WHERE kind = 'split' AND cost > 0",
    "AST-C2": "UPDATE assets_plan SET base = base + 0.01 WHERE source LIKE 'assets.split:%' AND base > 0",
}


def test_every_invariant_finds_what_was_planted_for_it(
    committed_db: Any, owner_connection: psycopg.Connection
) -> None:
    hospital = ChangeHospital()
    asset = hospital.book((hospital.own, "60000.00"), on=FIRST)
    hospital.run(FIRST)
    hospital.halve(asset, day(2, 9))
    assert broken() == {}
    assert set(PLANTED) == {code for code, _, _ in ALL}
    for table in ("move", "plan"):
        owner_connection.execute(f"ALTER TABLE assets_{table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
    for code, _, statement in ALL:
        with owner_connection.transaction(force_rollback=True):
            assert owner_connection.execute(statement).fetchall() == []  # type: ignore[arg-type]
            owner_connection.execute(PLANTED[code])  # type: ignore[arg-type]
            assert owner_connection.execute(statement).fetchall(), code  # type: ignore[arg-type]
