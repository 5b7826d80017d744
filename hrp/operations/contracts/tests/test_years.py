"""AC-02 and AC-01: one signed contract a year, end to end; every record under a system; and who is warned when."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable

import pytest

from hrp.operations.contracts import scoping, services, years
from hrp.operations.contracts.models import AnnualContract, Contract, Side
from hrp.operations.contracts.proofs import Span, Verdict
from hrp.operations.contracts.scoping import Marked, Source
from hrp.operations.contracts.years import Stretch
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.registry import Registry
from hrp.platform.jobs.duties import duties
from hrp.platform.notify.models import Message
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db

DAY = dt.date


@pytest.fixture
def clerk() -> User:
    return people.person("operations.contract.view", "operations.contract.edit")


@pytest.fixture
def contract(clerk: User) -> Contract:
    return services.register_contract(
        actor=clerk, number="YW-1", name="HRP系统运维服务合同", hospital=places.campus().hospital,
        supplier_name="杏林软件", hotline="400", starts_on=DAY(2026, 1, 1), ends_on=DAY(2027, 12, 31),
    )  # fmt: skip


def add(clerk: User, contract: Contract, first: DAY, last: DAY, *, signed: bool = True) -> AnnualContract:
    return services.add_year(
        actor=clerk, contract=contract, number=f"YW-{first}", starts_on=first, ends_on=last,
        signed_on=first - dt.timedelta(days=10) if signed else None,
    )  # fmt: skip


def span(contract: Contract, first: DAY, last: DAY, as_of: DAY | None = None) -> Span:
    return Span(contract, first, last, clock.at(as_of or last, 23))


def test_unbroken_years_meet_the_clause(clerk: User, contract: Contract) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    add(clerk, contract, DAY(2027, 1, 1), DAY(2027, 12, 31))
    found = years.prove(span(contract, DAY(2026, 7, 1), DAY(2027, 6, 30)))
    assert (found.verdict, found.figure, found.exceptions) == (
        Verdict.MET, "365/365 天有签订的年度合同", (),
    )  # fmt: skip
    assert found.evidence


def test_a_gap_is_named_by_its_days(clerk: User, contract: Contract) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    add(clerk, contract, DAY(2027, 1, 8), DAY(2027, 12, 31))
    found = years.prove(span(contract, DAY(2026, 12, 1), DAY(2027, 1, 31)))
    assert found.verdict == Verdict.NOT_MET
    assert found.figure == "55/62 天有签订的年度合同"
    assert found.exceptions == ("空档：2027-01-01 至 2027-01-07（7 天），期间工单只计影子时钟",)


def test_an_unsigned_year_is_a_gap_once_it_has_begun(clerk: User, contract: Contract) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    add(clerk, contract, DAY(2027, 1, 1), DAY(2027, 12, 31), signed=False)
    whole = (DAY(2026, 7, 1), DAY(2027, 6, 30))
    assert years.prove(span(contract, *whole, DAY(2026, 12, 31))).verdict == Verdict.MET
    found = years.prove(span(contract, *whole, DAY(2027, 1, 2)))
    assert found.verdict == Verdict.NOT_MET
    assert "YW-2027-01-01 未签订（2027-01-01 起）" in found.exceptions


def test_days_two_years_share_break_the_clause(clerk: User, contract: Contract) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    AnnualContract.objects.create(
        contract=contract, number="TWICE", starts_on=DAY(2026, 12, 30), ends_on=DAY(2027, 12, 31),
        signed_on=DAY(2026, 12, 1),
    )  # fmt: skip
    found = years.prove(span(contract, DAY(2026, 12, 1), DAY(2026, 12, 31)))
    assert (found.verdict, found.exceptions) == (
        Verdict.NOT_MET, ("重叠：2026-12-30 至 2026-12-31（2 天）",),
    )  # fmt: skip


def test_nothing_registered_proves_nothing_and_days_outside_need_no_proof(contract: Contract) -> None:
    assert years.prove(span(contract, DAY(2026, 1, 1), DAY(2026, 3, 31))).verdict == Verdict.UNPROVEN
    assert years.prove(span(contract, DAY(2025, 1, 1), DAY(2025, 3, 31))).verdict == Verdict.NOT_APPLICABLE


def test_a_year_inside_another_hides_no_gap() -> None:
    covered = [Stretch(DAY(2026, 1, 1), DAY(2026, 6, 30)), Stretch(DAY(2026, 2, 1), DAY(2026, 3, 1))]
    wanted = Stretch(DAY(2026, 1, 1), DAY(2026, 7, 10))
    assert years.gaps(wanted, covered) == [Stretch(DAY(2026, 7, 1), DAY(2026, 7, 10))]


def told() -> list[str]:
    return list(Message.objects.order_by("pk").values_list("title", flat=True))


@pytest.fixture
def head(clerk: User) -> User:
    user = people.person("operations.contract.view", name="李主管")
    services.add_member(actor=clerk, user=user, side=Side.HOSPITAL, titles=["甲方系统主管工程师"])
    return user


def test_the_end_of_a_year_is_announced_at_90_60_30_and_7_days(
    clerk: User, contract: Contract, head: User
) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    last = DAY(2026, 12, 31)
    for left in range(100, -1, -1):
        with clock.pinned(clock.at(last - dt.timedelta(days=left), 8, 30)):
            duties["contracts.ending"].function()
    assert [title.split("还有 ")[1] for title in told()] == [f"{days} 天到期" for days in years.ALERT_DAYS]


def test_an_announcement_missed_is_made_good_once(clerk: User, contract: Contract, head: User) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    assert [years.alert(DAY(2026, 11, 20)), years.alert(DAY(2026, 11, 21))] == [1, 0]
    assert told() == ["年度合同 YW-2026-01-01 还有 41 天到期"]


def test_a_renewed_year_ends_without_an_announcement_and_the_last_one_with_it(
    clerk: User, contract: Contract, head: User
) -> None:
    add(clerk, contract, DAY(2026, 1, 1), DAY(2026, 12, 31))
    add(clerk, contract, DAY(2027, 1, 1), DAY(2027, 12, 31))
    assert years.alert(DAY(2026, 12, 30)) == 0
    assert years.alert(DAY(2027, 12, 30)) == 1
    assert "服务期同日届满" in Message.objects.get().body


class TestScoping:
    """AC-01 reads whatever sources modules have registered."""

    ROW = Marked("FW-1", "物流管理系统", True, ("物流管理系统",))

    def prove(self, monkeypatch: pytest.MonkeyPatch, contract: Contract, *rows: Marked) -> scoping.Finding:
        sources: Registry[Source] = Registry("系统标注")
        monkeypatch.setattr(scoping, "sources", sources)

        def given(span: Span) -> Iterable[Marked]:
            return rows

        scoping.register("tickets", Source("工单", given, "/operations/tickets/"))
        return scoping.prove(span(contract, DAY(2026, 1, 1), DAY(2026, 3, 31)))

    def test_a_system_of_the_contract_or_a_mark(
        self, monkeypatch: pytest.MonkeyPatch, contract: Contract
    ) -> None:
        outside = dataclasses.replace(self.ROW, module="门诊挂号", in_scope=False)
        found = self.prove(monkeypatch, contract, self.ROW, outside)
        assert (found.verdict, found.figure) == (Verdict.MET, "工单 2/2（范围外 1）")

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"module": " "}, "没有注明系统"),
            ({"module": "门诊挂号"}, "却未标范围外"),
            ({"in_scope": False}, "却标为范围外"),
        ],
    )
    def test_a_wrong_mark_is_named(
        self, monkeypatch: pytest.MonkeyPatch, contract: Contract, changes: dict[str, object], words: str
    ) -> None:
        wrong = dataclasses.replace(self.ROW, **changes)  # type: ignore[arg-type]
        found = self.prove(monkeypatch, contract, self.ROW, wrong)
        assert (found.verdict, found.figure.split("（")[0]) == (Verdict.NOT_MET, "工单 1/2")
        assert len(found.exceptions) == 1
        assert words in found.exceptions[0]

    def test_no_record_needs_no_mark_and_no_source_proves_nothing(
        self, monkeypatch: pytest.MonkeyPatch, contract: Contract
    ) -> None:
        assert self.prove(monkeypatch, contract).verdict == Verdict.NOT_APPLICABLE
        monkeypatch.setattr(scoping, "sources", Registry("系统标注"))
        assert scoping.prove(span(contract, DAY(2026, 1, 1), DAY(2026, 3, 31))).verdict == Verdict.UNPROVEN
