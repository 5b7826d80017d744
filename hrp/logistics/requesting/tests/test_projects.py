"""What is used for a project is paid from the project's money, on both lines of the voucher, and says so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from hrp.logistics.models import Project
from hrp.logistics.requesting.services import delivering
from hrp.logistics.requesting.tests.test_returns import bring_back
from hrp.logistics.requesting.tests.world import Ward
from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Conflict, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.testing import DAY, SINCE
from hrp.platform.ledger.models import Fund, Line
from hrp.platform.org.models import OrgUnitCategory

pytestmark = pytest.mark.django_db


class Laboratory(Ward):
    """A ward with a research project on 科教经费, and gauze for a hundred yuan in the store."""

    def __init__(self) -> None:
        super().__init__()
        self.project = self.start("KY-2026-08", "糖尿病足创面研究", "F4")
        self.gauze = self.room.gauze
        self.receive(self.gauze, 40, "100.00")

    def start(self, code: str, name: str, fund: str, **more: Any) -> Project:
        given = {"leader": "周明", "org_unit": self.ward, "valid_from": dt.date(2026, 1, 1)} | more
        return Project.objects.create(code=code, name=name, fund=Fund.objects.get(code=fund), **given)

    def voucher(self, source: str) -> list[tuple[str, Decimal, str, str]]:
        lines = Line.objects.filter(entry__source=source).order_by("entry_id", "position")
        return [(x.account.code, x.amount, x.fund.code if x.fund else "", x.memo) for x in lines]


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.pinned(clock.at(DAY, 12)):
        yield


@pytest.fixture
def lab() -> Laboratory:
    return Laboratory()


def test_goods_for_research_are_booked_on_the_money_of_research(lab: Laboratory) -> None:
    """10 of 40 packs for a project: Dr 5001 25.00, Cr 1302 25.00, both 科教经费 (F4), though the form said own money."""
    issue = lab.issue(lab.gauze, 10, project=lab.project.pk)
    named = "项目 KY-2026-08 糖尿病足创面研究"
    assert lab.voucher(issue.source) == [
        ("5001.02.05", Decimal("25.00"), "F4", named),
        ("1302.05", Decimal("-25.00"), "F4", named),
    ]
    plain = lab.issue(lab.gauze, 10)
    assert {(fund, memo) for _, _, fund, memo in lab.voucher(plain.source)} == {("F1", "")}
    lab.check()


def test_fiscal_money_stands_on_both_lines(lab: Laboratory) -> None:
    fiscal = lab.start("CZ-01", "重点专科建设", "F2", kind="fiscal")
    assert {fund for _, _, fund, _ in lab.voucher(lab.issue(lab.gauze, 1, project=fiscal.pk).source)} == {
        "F2"
    }


def test_an_administrative_department_bears_administration(lab: Laboratory) -> None:
    OrgUnitCategory.objects.create(unit=lab.ward, category="admin", valid_from=SINCE)
    stamps.forget()
    issue = lab.issue(lab.gauze, 10, project=lab.project.pk)
    assert [(account, fund) for account, _, fund, _ in lab.voucher(issue.source)] == [
        ("5101.02.05", "F4"), ("1302.05", "F4"),
    ]  # fmt: skip


def test_a_request_hands_its_project_to_what_serves_it(lab: Laboratory) -> None:
    request = lab.asked((lab.gauze, 4), project=lab.project.pk)
    assert request.fund == lab.project.fund
    issue = lab.give(request)
    assert (issue.project, issue.fund.code) == (lab.project, "F4")
    fiscal = lab.asked((lab.gauze, 4), fund=Fund.objects.get(code="F2").pk)
    assert lab.give(fiscal).fund.code == "F2"
    assert lab.give(lab.asked((lab.gauze, 4))).fund.code == "F1"


def test_what_serves_a_request_cannot_be_charged_to_another_project(lab: Laboratory) -> None:
    other = lab.start("KY-2026-09", "另一项目", "F4")
    issue = delivering.deliver(lab.asked((lab.gauze, 4), project=lab.project.pk), actor=lab.keeper)
    header = lab.header(fund=issue.fund_id, project=other.pk)
    lines = [{"item": lab.gauze.pk, "quantity": "4"}]
    issue = services.withdraw(issue, actor=lab.keeper)
    issue = services.save_draft(
        type(issue), actor=lab.keeper, header=header, lines=lines, pk=issue.pk, expected_version=issue.version
    )
    with pytest.raises(Conflict) as refused:
        posting.post(services.submit(issue, actor=lab.keeper), actor=lab.keeper)
    assert refused.value.code == "not_as_requested"


def test_goods_brought_back_lessen_the_project_they_were_charged_to(lab: Laboratory) -> None:
    back = bring_back(lab, lab.issue(lab.gauze, 10, project=lab.project.pk))
    assert {fund for _, _, fund, _ in lab.voucher(back.source)} == {"F4"}
    assert lab.spent() == 0
    lab.check()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"status": "closed"}, "项目 KY-2026-08 已结题，不能列支"),
        ({"valid_to": DAY - dt.timedelta(days=1)}, "项目 KY-2026-08 的执行期是 2026-01-01 至 2026-11-09，2026-11-10 不能列支"),
    ],
)  # fmt: skip
def test_nothing_is_charged_to_a_project_that_is_over(
    lab: Laboratory, more: dict[str, Any], said: str
) -> None:
    Project.objects.filter(pk=lab.project.pk).update(**more)
    for act in (
        lambda: lab.issue(lab.gauze, 1, project=lab.project.pk),
        lambda: lab.ask((lab.gauze, 1), project=lab.project.pk),
    ):
        with pytest.raises(Invalid) as refused:
            act()
        assert [(p.field, p.message) for p in refused.value.problems] == [("project", said)]


def test_the_register_knows_which_money_a_kind_has(lab: Laboratory, client: Client) -> None:
    lab.world.grant(lab.keeper, "logistics.project.view", "logistics.project.edit")
    stamps.forget()
    client.force_login(lab.keeper)
    given = {
        "code": "JX-01", "name": "住培示范", "kind": "teaching", "leader": "何静", "org_unit": lab.ward.pk, "valid_from": "2026-01-01",
        "status": "active",
    }  # fmt: skip
    client.post("/logistics/projects/new", given)
    assert Project.objects.get(code="JX-01").fund.code == "F4"
    own = given | {"code": "JX-02", "fund": Fund.objects.get(code="F1").pk}
    assert (
        "项目经费不能是财政基本拨款及自有资金" in client.post("/logistics/projects/new", own).content.decode()
    )
    assert not Project.objects.filter(code="JX-02").exists()
    assert "糖尿病足创面研究" in client.get("/logistics/projects/").content.decode()
