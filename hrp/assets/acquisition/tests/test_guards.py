"""What is wrong is found: planted corruption by its invariant; two people at once by a refusal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from django.db import connection

from hrp.assets.acquisition.documents.stages import CHECKLISTS, AcceptanceStep, Stage
from hrp.assets.acquisition.invariants import ALL
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import accepting
from hrp.assets.acquisition.tests.world import Buying
from hrp.assets.tests.world import broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.documents import posting
from hrp.platform.documents.testing import DAY

# id -> what an intruder with the keys of the database does to a healthy hospital
PLANTED = {
    "AST-B1": "UPDATE assets_acquisition_budget SET amount = 1",
    "AST-B2": "UPDATE assets_acquisition_opinion SET agrees = false",
    "AST-B3": "UPDATE assets_acquisition_milestone SET amount = amount + 0.01 WHERE kind = 'arrival'",
    "AST-B4": "INSERT INTO assets_acquisition_payment (campus_id, org_unit_id, business_date, state, version, total, note, maker_id, created_at,"
    " updated_at, print_count, contract_id, milestone_id, amount, fulfilled, invoice_number, bank, bank_account)"
    " SELECT c.campus_id, c.org_unit_id, c.business_date, 'posted', 1, 0, '', c.maker_id, now(), now(), 0, c.id, m.id, m.amount + 1, '', '', '', ''"
    " FROM assets_acquisition_contract c JOIN assets_acquisition_milestone m ON m.contract_id = c.id AND m.kind = 'arrival'",
    "AST-B5": "UPDATE assets_acquisition_step SET by_id = (SELECT by_id FROM assets_acquisition_step WHERE stage = 'clinical')",
    "AST-B6": "UPDATE assets_acquisition_piece SET quantity = quantity + 1",
    "AST-B7": "UPDATE assets_asset SET origin = ''",
    "AST-B8": "INSERT INTO assets_large_class (code, name, category, valid_from, source, verified) VALUES ('B4', 'x', 'B', '2020-01-01', 'x', false);"
    " UPDATE assets_acquisition_request_line SET large_class_id = (SELECT max(id) FROM assets_large_class)",
}
TABLES = (
    "acquisition_budget", "acquisition_opinion", "acquisition_milestone", "acquisition_payment", "acquisition_step", "acquisition_piece",
    "asset", "large_class", "acquisition_request_line",
)  # fmt: skip


def test_every_invariant_finds_what_was_planted_for_it(
    committed_db: Any, owner_connection: psycopg.Connection
) -> None:
    hospital = Buying()
    hospital.accepted(hospital.machine(), "S-1")
    assert broken() == {}
    assert set(PLANTED) == {code for code, *_ in ALL}
    statements = {code: statement for code, _, statement, _ in ALL}
    for table in TABLES:  # triggers of ours fire always: the owner has to switch them off
        owner_connection.execute(f"ALTER TABLE assets_{table} DISABLE TRIGGER USER")  # type: ignore[arg-type]
    owner_connection.execute(
        "ALTER TABLE assets_acquisition_step DROP CONSTRAINT IF EXISTS assets_acquisition_three_signers"
    )
    owner_connection.execute("DROP INDEX IF EXISTS assets_acquisition_three_signers")
    for code, corruption in PLANTED.items():
        with owner_connection.transaction(force_rollback=True):
            assert owner_connection.execute(statements[code]).fetchall() == []  # type: ignore[arg-type]
            owner_connection.execute(corruption)  # type: ignore[arg-type]
            assert owner_connection.execute(statements[code]).fetchall(), code  # type: ignore[arg-type]


def both(*acts: Callable[[], Any]) -> list[str]:
    """What becomes of acts done at the same moment: "done", or the code of the refusal."""

    def alone(act: Callable[[], Any]) -> str:
        try:
            act()
        except Refusal as refused:
            return refused.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as people:
        return sorted(people.map(alone, acts))


def test_two_engineers_sign_at_the_same_moment(committed_db: Any) -> None:
    hospital = Buying()
    made = hospital.arrival(hospital.machine(), "S-1")
    hospital.go(made, Stage.ARRIVAL, Stage.OPENING, Stage.INSTALLATION, Stage.TRIAL)
    other = hospital.world.user("engineer2", "另一工程师", accepting.TECHNICAL)
    checks = {code: True for code, _ in CHECKLISTS[Stage.TECHNICAL]}
    outcome = both(
        *(
            lambda who=who: accepting.pass_stage(made, Stage.TECHNICAL, actor=who, checks=checks)
            for who in (hospital.engineer, other)
        )
    )
    assert outcome == ["done", "signed"]
    assert AcceptanceStep.objects.filter(stage=Stage.TECHNICAL).count() == 1


def test_two_plans_for_the_last_of_a_budget(committed_db: Any) -> None:
    hospital = Buying()
    steps = (Step.OFFICE, Step.EXPERTS, Step.COMMITTEE, Step.PRESIDENT, Step.PARTY)
    waiting = [
        hospital.plan(
            hospital.decided(hospital.asked("2000000"), *steps).lines.get(),
            (hospital.fiscal, "2000000"),
            post=False,
        )
        for _ in range(2)
    ]
    with clock.pinned(clock.at(DAY, 12)):
        outcome = both(*(lambda plan=plan: posting.post(plan, actor=hospital.office) for plan in waiting))
    assert outcome == ["done", "over_budget"]
    assert broken() == {}


def test_two_acceptances_of_the_last_piece(committed_db: Any) -> None:
    """Both were drafted before either stood; the contract is locked, and the second finds nothing left."""
    hospital = Buying()
    contract = hospital.machine()
    first = hospital.arrival(contract, "S-1")
    hospital.go(first)
    with clock.pinned(clock.at(DAY, 12)):
        outcome = both(*(lambda: posting.post(first, actor=hospital.office) for _ in range(2)))
    assert outcome == ["already_posted", "done"]
    assert broken() == {}
