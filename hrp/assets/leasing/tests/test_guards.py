"""Planted corruption is found by its invariant."""

from __future__ import annotations

from typing import Any

import psycopg

from hrp.assets.documents.booking import Booking
from hrp.assets.leasing.invariants import ALL
from hrp.assets.leasing.services import leases
from hrp.assets.leasing.tests.world import LeasingHospital
from hrp.assets.tests.world import FIRST, broken, day

PLANTED = {
    "AST-L1": "UPDATE assets_asset SET status = 'in_use' WHERE status = 'lent'",
    "AST-L2": "UPDATE assets_rent_income SET received = 1000.01",
    "AST-L3": "UPDATE assets_lease SET kind = 'operating'",
    "AST-L4": "UPDATE assets_move SET asset_id = (SELECT id FROM assets_asset WHERE value_kind = 'memo')",
}


def test_every_invariant_finds_what_was_planted_for_it(
    committed_db: Any, owner_connection: psycopg.Connection
) -> None:
    hospital = LeasingHospital()
    house = hospital.book((hospital.own, "60000.00"), on=FIRST)
    hospital.income(hospital.let(house, FIRST, day(4, 28)), FIRST, FIRST, "1000.00")
    placed = hospital.card(name="分析仪")
    lease = hospital.lease(day(1, 1), day(36, 31), kind="placed", rent=0)
    leases.include(actor=hospital.accountant, lease=lease, asset=placed)
    hospital.post(Booking, [{"asset": placed.pk}], FIRST)
    assert broken() == {}
    assert set(PLANTED) == {code for code, _, _ in ALL}
    for table in ("asset", "rent_income", "lease", "move"):
        owner_connection.execute(f"ALTER TABLE assets_{table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
    for code, _, statement in ALL:
        with owner_connection.transaction(force_rollback=True):
            assert owner_connection.execute(statement).fetchall() == []  # type: ignore[arg-type]
            owner_connection.execute(PLANTED[code])  # type: ignore[arg-type]
            assert owner_connection.execute(statement).fetchall(), code  # type: ignore[arg-type]
