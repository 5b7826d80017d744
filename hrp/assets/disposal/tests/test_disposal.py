"""A disposal told from the request to the closed file, and what is refused on the way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.assets.disposal.documents.disposal_income import DisposalIncome
from hrp.assets.disposal.documents.disposal_request import Stage, Step
from hrp.assets.disposal.services import deciding, executing
from hrp.assets.disposal.tests.world import Disposing, only
from hrp.assets.documents.booking import Booking
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.models import Asset
from hrp.assets.models.cards import Way
from hrp.assets.tests.test_life_of_an_asset import ledger
from hrp.assets.tests.world import FIRST, broken
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Refusal
from hrp.platform.documents import posting, services
from hrp.platform.ledger.models import Fund

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Disposing:
    return Disposing()


def words(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return " / ".join(problem.message for problem in refused.value.problems)


def test_from_request_to_closed_file(hospital: Disposing) -> None:
    server = hospital.thing("40000.00", name="影像服务器")
    request = hospital.request(server, has_storage=True, is_radioactive=True)
    assert request.lines.get().months_short == 60
    request = hospital.approve(request)
    server.refresh_from_db()
    assert server.status == "pending"
    finance = Step.objects.get(stage=Stage.FINANCE)
    assert (finance.cost, finance.net) == (Decimal(40000), Decimal(40000))

    # data and source are still inside
    with pytest.raises(Conflict) as refused:
        hospital.execute(request)
    assert "含存储介质，尚未清除数据" in words(refused)
    assert "含放射源，尚未交有资质单位" in words(refused)
    witness = hospital.people[Stage.OFFICE]
    executing.clear(
        request, server, actor=hospital.accountant, kind="wipe", method="三遍覆写", witness=witness
    )
    executing.clear(
        request, server, actor=hospital.accountant, kind="radioactive", method="辐安证〔2025〕007", institution="城市放射性废物库",
        witness=witness,
    )  # fmt: skip

    written = hospital.gone(hospital.execute(request, expected=Decimal(1200)))
    server.refresh_from_db()
    assert (server.status, ledger("5301"), ledger("1601.02")) == ("disposed", Decimal(40000), Decimal(0))
    assert str(request.number) in written.reason

    received = {"request": request.pk, "payer": "再生资源公司", "received": "1200", "fees": "200"}
    hospital.post(DisposalIncome, [], FIRST, **received, fund=Fund.objects.get(code="F1").pk)
    assert (ledger("1002"), ledger("2103")) == (Decimal(1000), Decimal(-1000))
    executing.archive(request, actor=hospital.accountant, number="2026-ZC-001", place="档案室 3 架")
    assert Asset.objects.get(pk=server.pk).number == server.number
    assert broken() == {}


def test_a_write_off_above_the_hospital_s_limit(hospital: Disposing) -> None:
    machine = hospital.thing("360000.00")
    with pytest.raises(Invalid) as refused:
        hospital.write_off(machine, FIRST)
    assert "没有已批准的处置申请" in words(refused)
    assert "原值合计 360,000.00 元，单项最高 360,000.00 元，达到 300,000.00 元须由财政部门审批" in words(
        refused
    )

    request = hospital.request(machine)
    with pytest.raises(Conflict) as short:
        hospital.approve(request)
    assert "缺少外部审批意见" in words(short)
    hospital.say(request, Stage.EXTERNAL, number="卫资〔2026〕18号", rank=2)
    with clock.pinned(clock.at(FIRST, 11)), pytest.raises(Conflict) as low:
        posting.post(request, actor=hospital.accountant)
    assert "须由财政部门审批，现有批复只到主管部门" in words(low)
    hospital.say(request, Stage.EXTERNAL, number="财资〔2026〕5号", rank=3)
    with clock.pinned(clock.at(FIRST, 11)):
        posting.post(request, actor=hospital.accountant)
    written = hospital.gone(hospital.execute(request))
    assert written.approval_number == "财资〔2026〕5号"
    assert broken() == {}


def test_split_to_slip_under_the_limit(hospital: Disposing) -> None:
    only(
        ("single", "0", "50000", "医院", 1),
        ("batch", "0", "100000", "医院", 1),
        ("batch", "100000", None, "财政部门", 3),
    )
    first, second, third = (hospital.thing("40000.00") for _ in range(3))
    hospital.dispose(first)
    hospital.dispose(second)
    with pytest.raises(Conflict) as refused:
        hospital.approve(hospital.request(third))
    assert words(refused) == (
        "心内科 2026-01-01 至 2026-12-31 已处置 80,000.00 元，本次 40,000.00 元，合计 120,000.00 元，"
        "达到 100,000.00 元须由财政部门审批，不得拆分"
    )


def test_two_approved_before_either_left(hospital: Disposing) -> None:
    """Each request was within the limit when it was approved; the write-offs see each other."""
    only(("batch", "0", "70000", "医院", 1), ("batch", "70000", None, "财政部门", 3))
    first, second = (hospital.approve(hospital.request(hospital.thing("40000.00"))) for _ in range(2))
    drafts = [hospital.execute(request) for request in (first, second)]
    ready = [services.submit(draft, actor=hospital.accountant) for draft in drafts]
    posting.post(ready[0], actor=hospital.accountant)
    with pytest.raises(Conflict) as refused:
        posting.post(ready[1], actor=hospital.accountant)
    assert refused.value.code == "not_approved"
    assert "已处置 40,000.00 元，本次 40,000.00 元，合计 80,000.00 元" in words(refused)


def test_other_departments_do_not_add_up(hospital: Disposing) -> None:
    only(("batch", "0", "70000", "医院", 1), ("batch", "70000", None, "财政部门", 3))
    hospital.dispose(hospital.thing("40000.00"))
    theirs = hospital.thing("40000.00")
    Asset.objects.filter(pk=theirs.pk).update(org_unit=hospital.world.other)
    hospital.dispose(theirs)
    assert broken() == {}


def test_a_loss_above_the_limit_needs_a_number(hospital: Disposing) -> None:
    machine = hospital.thing("60000.00")
    with pytest.raises(Conflict) as refused:
        hospital.write_off(machine, FIRST, way="loss")
    assert words(refused) == "盘亏原值合计 60,000.00 元须由主管部门审批，请填写批复文号"
    hospital.post(
        WriteOff,
        [{"asset": machine.pk}],
        FIRST,
        way="loss",
        reason="盘点未找到",
        approval_number="卫资〔2026〕9号",
    )
    assert ledger("1902") == Decimal(60000)


def test_below_life_needs_cause_and_responsibility(hospital: Disposing) -> None:
    thing = hospital.thing("40000.00")
    with pytest.raises(Invalid) as refused:
        hospital.request(thing, cause="", responsible="")
    assert "距使用年限还差 60 个月，请填写原因" in words(refused)
    assert "请填写责任认定" in words(refused)
    old = hospital.card((hospital.own, "40000.00"), months=60, way=Way.OPENING)
    old.funding.update(opening=Decimal(40000), opening_months=60)
    hospital.post(Booking, [{"asset": old.pk}], FIRST)
    old.refresh_from_db()
    assert hospital.request(old, cause="", responsible="").lines.get().months_short == 0


class TestRefusals:
    @pytest.fixture(autouse=True)
    def _hospital(self, hospital: Disposing) -> None:
        self.hospital = hospital
        self.thing = hospital.thing("40000.00")
        self.request = hospital.request(self.thing)

    def test_out_of_turn(self) -> None:
        with pytest.raises(Conflict) as refused:
            self.hospital.say(self.request, Stage.FINANCE)
        assert refused.value.code == "out_of_turn"

    def test_who_made_it(self) -> None:
        with pytest.raises(Forbidden) as refused:
            deciding.say(
                self.request, Stage.APPRAISAL, actor=self.hospital.accountant, agrees=True, opinion="同意"
            )
        assert refused.value.code == "own_request"

    def test_who_disagrees_ends_it(self) -> None:
        self.hospital.say(self.request, Stage.APPRAISAL, agrees=False, opinion="尚可修复")
        with pytest.raises(Conflict) as refused:
            self.hospital.say(self.request, Stage.OFFICE)
        assert "技术鉴定不同意：尚可修复" in refused.value.reason
        with clock.pinned(clock.at(FIRST, 11)), pytest.raises(Conflict) as posted:
            posting.post(self.request, actor=self.hospital.accountant)
        assert "技术鉴定不同意：尚可修复" in words(posted)

    def test_opinions_on_an_earlier_text_no_longer_count(self) -> None:
        self.hospital.say(self.request, Stage.APPRAISAL)
        with clock.pinned(clock.at(FIRST, 11)):
            services.withdraw(self.request, actor=self.hospital.accountant)
            services.submit(self.request, actor=self.hospital.accountant)
        with clock.pinned(clock.at(FIRST, 12)), pytest.raises(Conflict) as refused:
            posting.post(self.request, actor=self.hospital.accountant)
        assert "缺少技术鉴定意见" in words(refused)

    def test_a_dear_thing_is_appraised_outside(self) -> None:
        request = self.hospital.request(self.hospital.thing("600000.00"))
        with pytest.raises(Invalid) as refused:
            self.hospital.say(request, Stage.APPRAISAL, institution="")
        assert "原值 600,000.00 元，达到 500,000.00 元须委托外部鉴定" in words(refused)

    def test_asked_twice(self) -> None:
        with pytest.raises(Invalid) as refused:
            self.hospital.request(self.thing)
        assert "已在另一张处置申请中" in words(refused)

    def test_executed_is_not_taken_back(self) -> None:
        self.hospital.execute(self.hospital.approve(self.request))
        with pytest.raises(Conflict) as refused:
            self.hospital.reverse(self.request, FIRST)
        assert refused.value.code == "executed"

    def test_archived_before_it_is_gone(self) -> None:
        self.hospital.approve(self.request)
        with pytest.raises(Conflict) as refused:
            executing.archive(self.request, actor=self.hospital.accountant, number="1")
        assert refused.value.code == "not_written_off"

    @pytest.mark.parametrize(
        "change", ["UPDATE assets_disposal_step SET agrees = true", "DELETE FROM assets_disposal_step"]
    )
    def test_raw_sql_on_an_opinion(self, change: str) -> None:
        self.hospital.say(self.request, Stage.APPRAISAL)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
