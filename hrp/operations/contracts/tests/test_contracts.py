"""Contract data: what is refused, what is signed, and which version governs an instant."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.operations.contracts import selectors, services
from hrp.operations.contracts.defaults import default_body, default_terms
from hrp.operations.contracts.models import Contract, ContractVersion, Interpretation, Side
from hrp.operations.contracts.rules import canonical, read_terms
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base.clock import HOSPITAL_ZONE
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.org.tests import places

NEW_YEAR = dt.datetime(2026, 1, 1, tzinfo=HOSPITAL_ZONE)
CLERK = ("operations.contract.view", "operations.contract.edit")
SIGNER = ("operations.contract.view", "operations.contract.sign")


def test_default_contract_holds_the_figures_of_the_fifth_article() -> None:
    terms = default_terms()
    found = {
        code: (level.response_s, level.emergency_start_s, level.onsite_s, sorted(level.channels))
        for code, level in terms.levels.items()
    }
    assert found == {
        "1": (300, 3600, 14400, ["phone"]),
        "A": (300, 3600, 14400, ["phone"]),
        "B": (3600, None, 86400, ["email", "phone", "web"]),
        "C": (7200, None, 86400, ["email", "phone", "web"]),
    }
    assert [row.id for row in terms.interpretations] == [f"I-{number:02d}" for number in range(1, 19)]
    assert [level.code for level in terms.ranked()] == ["1", "A", "B", "C"]


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("levels", "1", "response_s"), 0, "levels.1.response_s"),
        (("levels", "1", "response_s"), "300", "levels.1.response_s"),
        (("levels", "B", "onsite_s"), True, "levels.B.onsite_s"),
        (("levels", "A", "channels"), [], "levels.A.channels"),
        (("levels", "A", "provisional"), "Z", "levels.A.provisional"),
        (("levels", "A", "provisional"), "1", "levels.A.provisional"),
        (("levels", "C", "rank"), 4, "levels"),
        (("emergency",), None, "emergency"),
        (("manual_entry", "evidence_over_s"), -1, "manual_entry.evidence_over_s"),
        (("levels",), {}, "levels"),
        (("format",), "hrp-contract/9", "format"),
    ],
)
def test_bad_figure_is_named_by_its_place(path: tuple[str, ...], value: Any, where: str) -> None:
    body: Any = default_body()
    inner = body
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(Invalid) as refused:
        read_terms(body)
    assert where in {problem.field for problem in refused.value.problems}


@pytest.fixture
def clerk(db: None) -> User:
    return people.person(*CLERK)


@pytest.fixture
def contract(clerk: User) -> Contract:
    return services.register_contract(
        actor=clerk, number="YW-1", name="运维合同", hospital=places.campus().hospital, supplier_name="乙公司",
        hotline="400", starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2027, 12, 31),
    )  # fmt: skip


def signer(clerk: User, side: Side) -> User:
    user = people.person(*SIGNER)
    services.add_member(actor=clerk, user=user, side=side, titles=["甲方系统主管工程师"])
    return user


def drafted(clerk: User, contract: Contract, at: dt.datetime = NEW_YEAR) -> ContractVersion:
    return services.draft_version(actor=clerk, contract=contract, body=default_body(), valid_from=at)


def test_version_governs_only_when_both_have_signed(clerk: User, contract: Contract) -> None:
    version = drafted(clerk, contract)
    assert version.sha256 == hashlib.sha256(canonical(default_body()).encode()).hexdigest()
    for side in (Side.HOSPITAL, Side.SUPPLIER):
        assert selectors.version_in_force(NEW_YEAR) is None
        version = services.sign_version(actor=signer(clerk, side), version=version)
    assert selectors.version_in_force(NEW_YEAR) == version
    assert selectors.version_in_force(NEW_YEAR - dt.timedelta(microseconds=1)) is None
    with pytest.raises(Conflict):
        selectors.require_version(NEW_YEAR - dt.timedelta(days=1))
    assert not Interpretation.objects.filter(version=version, hospital_signed_at=None).exists()


def test_each_side_signs_once_and_outsiders_not_at_all(clerk: User, contract: Contract) -> None:
    version = drafted(clerk, contract)
    head = signer(clerk, Side.HOSPITAL)
    services.sign_version(actor=head, version=version)
    with pytest.raises(Conflict):
        services.sign_version(actor=head, version=version)
    with pytest.raises(Forbidden):
        services.sign_version(actor=people.person(*SIGNER), version=version)


def test_signed_text_can_no_longer_be_changed_but_the_other_side_may_sign(
    clerk: User, contract: Contract
) -> None:
    version = drafted(clerk, contract)
    head = signer(clerk, Side.HOSPITAL)
    services.sign_version(actor=head, version=version)
    for statement in (
        "UPDATE operations_contract_version SET valid_from = valid_from - interval '1 day'",
        "UPDATE operations_contract_version SET hospital_signed_at = now()",
        "UPDATE operations_interpretation SET reading = '另一种读法' WHERE code = 'I-09'",
        "DELETE FROM operations_interpretation",
        "DELETE FROM operations_contract_version",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert services.sign_version(actor=signer(clerk, Side.SUPPLIER), version=version).is_signed


def test_hash_that_is_not_that_of_the_text_is_refused(clerk: User, contract: Contract) -> None:
    drafted(clerk, contract)
    with pytest.raises(DatabaseError), transaction.atomic():
        ContractVersion.objects.update(body="{}")


def test_new_version_may_not_reach_back(clerk: User, contract: Contract) -> None:
    version = drafted(clerk, contract)
    for side in (Side.HOSPITAL, Side.SUPPLIER):
        services.sign_version(actor=signer(clerk, side), version=version)
    with pytest.raises(Conflict):
        drafted(clerk, contract)
    later = drafted(clerk, contract, NEW_YEAR + dt.timedelta(days=90))
    assert later.number == 2
    assert selectors.version_in_force(NEW_YEAR + dt.timedelta(days=100)) == version, "unsigned gives nothing"


def test_years_stay_inside_the_service_period_and_apart(clerk: User, contract: Contract) -> None:
    def add(number: str, starts: dt.date, ends: dt.date, signed: dt.date | None = None) -> None:
        services.add_year(
            actor=clerk, contract=contract, number=number, starts_on=starts, ends_on=ends, signed_on=signed
        )

    add("Y1", dt.date(2026, 1, 1), dt.date(2026, 12, 31), dt.date(2025, 12, 20))
    add("Y2", dt.date(2027, 1, 1), dt.date(2027, 12, 31))
    with pytest.raises(Conflict):
        add("Y3", dt.date(2026, 12, 31), dt.date(2027, 1, 1))
    with pytest.raises(Invalid):
        add("Y4", dt.date(2027, 6, 1), dt.date(2028, 5, 31))
    covered = selectors.annual_contract_at(dt.datetime(2026, 12, 31, 23, 59, tzinfo=HOSPITAL_ZONE))
    assert covered is not None
    assert covered.number == "Y1"
    assert selectors.annual_contract_at(dt.datetime(2027, 1, 1, tzinfo=HOSPITAL_ZONE)) is None, "not signed"


def test_nobody_stands_on_both_sides(clerk: User, contract: Contract) -> None:
    head = signer(clerk, Side.HOSPITAL)
    with pytest.raises(Conflict):
        services.add_member(actor=clerk, user=head, side=Side.SUPPLIER, titles=[])
    assert selectors.side_of(head) == "hospital"
    assert selectors.side_of(clerk) == ""


def test_role_nobody_fills_is_known(clerk: User, contract: Contract) -> None:
    head = signer(clerk, Side.HOSPITAL)
    assert selectors.users_with(["甲方系统主管工程师", "产品团队"]) == [head]
    assert selectors.unfilled(["产品团队", "甲方系统主管工程师"]) == ["产品团队"]
