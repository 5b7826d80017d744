"""What is refused on the way, each with its figures and its way out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from hrp.assets.acquisition.documents.acceptance import cards_of
from hrp.assets.acquisition.documents.payment import AcquisitionPayment
from hrp.assets.acquisition.documents.plan import AcquisitionPlan
from hrp.assets.acquisition.documents.stages import Defect, Stage
from hrp.assets.acquisition.models import LargeClass, LargeLicence, MethodRule
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import accepting, bidding, contracting, deciding
from hrp.assets.acquisition.tests.world import SINCE, Buying, photograph
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Refusal
from hrp.platform.documents import services
from hrp.platform.documents.testing import DAY
from hrp.platform.org.models import Parameter

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital() -> Buying:
    return Buying()


def words(refused: pytest.ExceptionInfo[Any]) -> str:
    found: Refusal = refused.value
    return " / ".join([found.reason, *(problem.message for problem in found.problems)])


def at(hour: int) -> Any:
    return clock.pinned(clock.at(DAY, hour))


class TestDeciding:
    def test_an_examination_that_earns_nothing(self, hospital: Buying) -> None:
        with pytest.raises(Invalid) as refused:
            hospital.wish(volume=100, price="10", variable="12", charge_items="检查")
        assert "每例收费 10.00 元不高于每例耗材 12.00 元，没有保本点" in words(refused)

    def test_an_argument_without_staff_and_room(self, hospital: Buying) -> None:
        with pytest.raises(Invalid) as refused:
            hospital.wish("100000", staff="", room=" ")
        assert "合计 100,000.00 元须论证，请填写人员与资质" in words(refused)
        assert "请填写场地条件" in words(refused)

    def test_no_opinion_before_the_statement(self, hospital: Buying) -> None:
        request = hospital.asked()
        with at(10):
            services.withdraw(request, actor=hospital.ward)
            row = request.lines.get()
            line = {"name": row.name, "asset_class": row.asset_class_id, "quantity": 1, "price": "81000"}
            header = {
                "campus": request.campus_id,
                "org_unit": request.org_unit_id,
                "business_date": DAY,
                "need": "改",
            }
            services.save_draft(
                type(request), actor=hospital.ward, header=header, lines=[line], pk=request.pk
            )
            services.submit(request, actor=hospital.ward)
        with pytest.raises(Conflict) as refused:
            hospital.resolve(request, Step.OFFICE)
        assert refused.value.code == "not_declared"

    def test_an_interest_is_explained_and_signed_by_the_applicant(self, hospital: Buying) -> None:
        request = hospital.asked()
        with pytest.raises(Forbidden):
            deciding.declare(
                request, actor=hospital.world.user("x", "他人", deciding.DECLARE), has_interest=False
            )
        with pytest.raises(Conflict):
            deciding.declare(request, actor=hospital.ward, has_interest=False)
        other = hospital.draft(
            type(request), hospital.ward, [{"name": "泵", "asset_class": hospital.device.pk, "quantity": 1, "price": "1"}], need="缺"
        )  # fmt: skip
        with pytest.raises(Invalid) as refused:
            deciding.declare(other, actor=hospital.ward, has_interest=True)
        assert "请写明与哪家供应商、何种关系" in words(refused)

    def test_a_step_that_is_not_due_and_one_out_of_turn(self, hospital: Buying) -> None:
        small, large = hospital.asked("80000"), hospital.asked("300000")
        with pytest.raises(Conflict) as refused:
            hospital.resolve(small, Step.COMMITTEE)
        assert words(refused) == f"{small} 合计 80,000.00 元，不需要装备委员会"
        hospital.resolve(large, Step.OFFICE)
        with pytest.raises(Conflict) as early:
            hospital.resolve(large, Step.COMMITTEE)
        assert "专家论证未通过：有效票 0 票，少于规定的 3 票（回避 0 人）" in words(early)

    def test_experts_who_disagree_or_step_back(self, hospital: Buying) -> None:
        request = hospital.asked("300000")
        hospital.resolve(request, Step.OFFICE)
        hospital.panel(request, True, False, False, score=60)
        with pytest.raises(Conflict) as refused:
            hospital.confirm(request, hospital.office)
        assert "同意 1 / 3 票，未达到 60%" in words(refused)
        assert "平均得分 60.00 分，低于 70 分" in words(refused)
        with at(11), pytest.raises(Conflict) as twice:
            deciding.vote(request, actor=hospital.engineer, agrees=True, scores=[90] * 5, opinion="改主意")
        assert twice.value.code == "voted"
        with at(11), pytest.raises(Forbidden) as stranger:
            deciding.vote(
                request, actor=hospital.world.user("y", "路人", deciding.VOTE), agrees=True, scores=[90] * 5, opinion="好"
            )  # fmt: skip
        assert stranger.value.code == "not_named"

    def test_who_asks_is_no_expert_and_gives_no_opinion(self, hospital: Buying) -> None:
        hospital.world.grant(hospital.ward, deciding.NAME, deciding.VOTE)
        request = hospital.asked("300000")
        with at(10), pytest.raises(Forbidden) as own:
            deciding.resolve(request, Step.OFFICE, actor=hospital.ward, agrees=True, opinion="好")
        assert own.value.code == "own_request"
        with at(10), pytest.raises(Invalid) as refused:
            deciding.name_expert(request, actor=hospital.office, expert=hospital.ward)
        assert "申购人不能担任论证专家" in words(refused)

    def test_a_meeting_without_a_majority(self, hospital: Buying) -> None:
        request = hospital.asked("300000")
        hospital.resolve(request, Step.OFFICE)
        hospital.panel(request)
        with pytest.raises(Invalid) as refused:
            hospital.resolve(request, Step.COMMITTEE, ayes=3, nays=3, minutes="")
        assert "同意 3 票、不同意 3 票，未过半数，不能登记为通过" in words(refused)
        assert "请填写会议纪要号" in words(refused)
        hospital.resolve(request, Step.COMMITTEE, agrees=False, ayes=2, nays=6, opinion="利用率不足")
        with pytest.raises(Conflict) as posted:
            hospital.confirm(request, hospital.office)
        assert "装备委员会不同意：利用率不足" in words(posted)

    def test_what_was_said_of_an_earlier_text_no_longer_counts(self, hospital: Buying) -> None:
        request = hospital.asked()
        hospital.resolve(request, Step.OFFICE)
        with at(11):
            services.withdraw(request, actor=hospital.ward)
            services.submit(request, actor=hospital.ward)
        with pytest.raises(Conflict) as refused:
            hospital.confirm(request, hospital.office)
        assert "缺少归口审核意见（申购合计 80,000.00 元）" in words(refused)


class TestLicences:
    @pytest.fixture(autouse=True)
    def _catalogue(self, hospital: Buying) -> None:
        self.hospital = hospital
        common: dict[str, Any] = {"valid_from": SINCE, "source": "目录2023"}
        self.accelerator = LargeClass.objects.create(code="B4", name="直线加速器", category="B", **common)
        LargeClass.objects.create(
            code="B5", name="首次配置 3000 万元以上", category="B", price_from=30_000_000, **common
        )

    def wish(self, quantity: int = 1) -> Any:
        row = {
            "name": "加速器", "asset_class": self.hospital.device.pk, "quantity": quantity, "price": "90000", "large_class": self.accelerator.pk,
        }  # fmt: skip
        request = self.hospital.asked(lines=[row])
        self.hospital.resolve(request, Step.OFFICE)
        if quantity > 1:
            self.hospital.panel(request)
            self.hospital.resolve(request, Step.COMMITTEE)
        return request

    def licence(self, number: str, quota: int = 1, **given: Any) -> None:
        LargeLicence.objects.create(
            hospital=self.hospital.world.hospital, number=number, large_class=self.accelerator, quota=quota, valid_from=SINCE, **given
        )  # fmt: skip

    def test_without_a_certificate(self) -> None:
        with pytest.raises(Conflict) as refused:
            self.hospital.confirm(self.wish(), self.hospital.office)
        assert "加速器 属于乙类（省级许可）“直线加速器”，没有有效的配置许可证" in words(refused)
        assert "省级卫生健康部门" in refused.value.problems[0].way_out
        self.licence("乙证-1", valid_to=DAY - dt.timedelta(days=1))
        with pytest.raises(Conflict):
            self.hospital.confirm(self.wish(), self.hospital.office)

    def test_beyond_the_quota(self) -> None:
        self.licence("乙证-1", quota=2, occupied=1)
        self.hospital.confirm(self.wish(), self.hospital.office)
        with pytest.raises(Conflict) as refused:
            self.hospital.confirm(self.wish(), self.hospital.office)
        assert "加速器：配置证 乙证-1 许可 2 台，已占用 2 台，本次 1 台，超出 1 台" in words(refused)

    def test_a_price_of_the_catalogue_not_named(self) -> None:
        with pytest.raises(Invalid) as refused:
            self.hospital.wish("30000000")
        assert (
            "单价 30,000,000.00 元达到 30,000,000.00 元，属于乙类（省级许可）“首次配置 3000 万元以上”"
            in words(refused)
        )

    def test_a_certificate_that_ran_out_before_the_contract(self) -> None:
        self.licence("乙证-1")
        line = self.hospital.confirm(self.wish(), self.hospital.office).lines.get()
        self.hospital.plan(line, (self.hospital.own, "90000"))
        bought = self.hospital.awarded(self.hospital.purchase(line), "90000")
        row = {"kind": "machine", "request_line": line.pk, "name": "加速器", "quantity": 1, "price": "90000"}
        contract = self.hospital.contract(bought, [row])
        LargeLicence.objects.update(valid_to=DAY - dt.timedelta(days=1))
        with pytest.raises(Conflict) as refused:
            self.hospital.confirm(contract, self.hospital.office)
        assert "加速器（乙类 直线加速器）：没有有效的配置许可证" in words(refused)
        LargeLicence.objects.update(valid_to=None)
        contract = self.hospital.confirm(contract, self.hospital.office)
        made = self.hospital.accepted(contract, "L-1")
        assert "大型医用设备配置许可证：乙证-1" in cards_of(made)[0].technical


class TestPlans:
    def test_above_the_budget_of_a_source(self, hospital: Buying) -> None:
        steps = (Step.OFFICE, Step.EXPERTS, Step.COMMITTEE, Step.PRESIDENT, Step.PARTY)
        first = hospital.decided(hospital.asked("2000000"), *steps).lines.get()
        second = hospital.decided(hospital.asked("1500000"), *steps).lines.get()
        hospital.plan(first, (hospital.fiscal, "2000000"))
        waiting = hospital.plan(second, (hospital.fiscal, "1200000"), (hospital.own, "300000"), post=False)
        with pytest.raises(Conflict) as refused:
            hospital.confirm(waiting, hospital.office)
        assert (
            "2026 年 财政项目拨款 预算 3,000,000.00 元，已列计划 2,000,000.00 元，本次 1,200,000.00 元，超出 200,000.00 元"
            in words(refused)
        )
        third = hospital.decided(hospital.asked()).lines.get()
        nothing = hospital.plan(third, (hospital.science, "100"), post=False)
        with pytest.raises(Conflict) as none:
            hospital.confirm(nothing, hospital.office)
        assert "科教经费 预算 0.00 元" in words(none)

    def test_more_than_was_approved_and_what_was_not(self, hospital: Buying) -> None:
        line = hospital.decided(hospital.asked()).lines.get()
        hospital.plan(line, (hospital.own, "50000"))
        with pytest.raises(Invalid) as refused:
            hospital.plan(line, (hospital.own, "40000"))
        assert (
            "监护仪 批准 80,000.00 元，其他计划 50,000.00 元，本次 40,000.00 元，超出 10,000.00 元"
            in words(refused)
        )
        open_ = hospital.asked().lines.get()
        with pytest.raises(Invalid) as early:
            hospital.plan(open_, (hospital.own, "80000"))
        assert "未批准" in words(early)

    def test_what_is_used_further_on_is_not_taken_back(self, hospital: Buying) -> None:
        line = hospital.decided(hospital.asked()).lines.get()
        plan = hospital.plan(line, (hospital.own, "80000"))
        with pytest.raises(Conflict) as planned:
            hospital.reverse_by_office(line.document)
        assert planned.value.code == "planned"
        bought = hospital.awarded(hospital.purchase(line), "80000")
        with pytest.raises(Conflict) as used:
            hospital.reverse_by_office(plan)
        assert used.value.code == "bought"
        row = {"kind": "machine", "request_line": line.pk, "name": "监护仪", "quantity": 1, "price": "80000"}
        contract = hospital.confirm(hospital.contract(bought, [row]), hospital.office)
        with pytest.raises(Conflict) as contracted:
            hospital.reverse_by_office(bought)
        assert contracted.value.code == "contracted"
        hospital.accepted(contract, "S-1")
        with pytest.raises(Conflict) as followed:
            hospital.reverse_by_office(contract)
        assert followed.value.code == "followed"


class TestBuying:
    def planned(self, hospital: Buying, price: str) -> Any:
        return hospital.planned(price)

    def test_a_way_of_buying_an_amount_does_not_allow(self, hospital: Buying) -> None:
        purchase = hospital.purchase(self.planned(hospital, "2600000"))
        hospital.bids(purchase, "2500000", "2510000", "2520000")
        with pytest.raises(Conflict) as refused:
            hospital.confirm(purchase, hospital.office)
        assert "采购预算 2,600,000.00 元达到 2,000,000.00 元，不能采用询价" in words(refused)
        way_out = next(p.way_out for p in refused.value.problems if p.field == "method")
        assert "可用：公开招标" in way_out

    def test_cut_small_to_escape_a_tender(self, hospital: Buying) -> None:
        first, second = (self.planned(hospital, "1200000") for _ in range(2))
        hospital.awarded(hospital.purchase(first), "1200000")
        purchase = hospital.purchase(second)
        with pytest.raises(Conflict) as refused:
            hospital.awarded(purchase, "1100000")
        assert (
            "医用设备 2026-01-01 至 2026-12-31 已以非公开招标方式采购 1,200,000.00 元，本次 1,200,000.00 元，"
            "合计 2,400,000.00 元，达到 2,000,000.00 元，不得拆分规避公开招标"
        ) in words(refused)

    def test_a_region_with_rows_of_its_own(self, hospital: Buying) -> None:
        MethodRule.objects.create(
            region="某市", method="enquiry", amount_to=50000, least_bids=3, valid_from=SINCE, source="市标准"
        )
        Parameter.objects.create(
            key="assets.procurement_region", value="某市", valid_from=SINCE, source="市财政", entered_by="办公室", entered_at=clock.now()
        )  # fmt: skip
        purchase = hospital.purchase(self.planned(hospital, "80000"))
        with pytest.raises(Conflict) as refused:
            hospital.awarded(purchase, "80000")
        assert "采购预算 80,000.00 元达到 50,000.00 元，不能采用询价" in words(refused)

    def test_papers_that_are_missing(self, hospital: Buying) -> None:
        line = self.planned(hospital, "80000")
        with pytest.raises(Invalid) as refused:
            hospital.purchase(line, method="single", reason="")
        assert "采用单一来源，请填写理由" in words(refused)
        assert "单一来源采购须公示" in words(refused)
        purchase = hospital.purchase(line, method="open", reason="")
        with pytest.raises(Conflict) as posted:
            hospital.awarded(purchase, "80000")
        assert "请填写采购文件编号" in words(posted)
        assert "请上传采购文件" in words(posted)

    def test_an_imported_thing_without_approval(self, hospital: Buying) -> None:
        row = {
            "name": "内镜",
            "asset_class": hospital.device.pk,
            "quantity": 1,
            "price": "80000",
            "imported": True,
        }
        line = hospital.decided(hospital.asked(lines=[row])).lines.get()
        hospital.plan(line, (hospital.own, "80000"))
        with pytest.raises(Conflict) as refused:
            hospital.awarded(hospital.purchase(line), "80000")
        assert "内镜 为进口产品，没有核准文号" in words(refused)

    def test_bids_too_few_too_dear_or_not_the_best(self, hospital: Buying) -> None:
        purchase = hospital.purchase(self.planned(hospital, "80000"))
        best, second = hospital.bids(purchase, "82000", "81000")
        with pytest.raises(Conflict) as undecided:
            hospital.confirm(purchase, hospital.office)
        assert "还没有定标" in words(undecided)
        with at(11), pytest.raises(Invalid) as refused:
            bidding.award(purchase, actor=hospital.office, chosen=second, notice="1")
        assert "甲公司 95.00 分高于 乙公司 94.00 分，请填写定标说明" in words(refused)
        with at(11):
            bidding.award(purchase, actor=hospital.office, chosen=best, notice="CJ-1")
        with pytest.raises(Conflict) as posted:
            hospital.confirm(purchase, hospital.office)
        assert "中标价 82,000.00 元超出计划预算 80,000.00 元 2,000.00 元" in words(posted)
        assert "询价有效投标 2 家，少于 3 家" in words(posted)
        with at(10), pytest.raises(Invalid) as void:
            bidding.bid(purchase, actor=hospital.office, supplier="丁公司", price=Decimal(1), qualified=False)
        assert "请填写否决理由" in words(void)

    def test_bought_twice(self, hospital: Buying) -> None:
        line = self.planned(hospital, "80000")
        hospital.purchase(line)
        with pytest.raises(Invalid) as refused:
            hospital.purchase(line)
        assert "已在采购单 草稿#" in words(refused)


class TestContracts:
    @pytest.fixture(autouse=True)
    def _award(self, hospital: Buying) -> None:
        self.hospital = hospital
        hospital.world.grant(hospital.office, contracting.LEGAL)
        self.line = hospital.planned("80000")
        self.bought = hospital.awarded(hospital.purchase(self.line), "78000")

    def row(self, price: str = "78000") -> dict[str, Any]:
        return {
            "kind": "machine",
            "request_line": self.line.pk,
            "name": "监护仪",
            "quantity": 1,
            "price": price,
        }

    def test_that_departs_from_the_award(self) -> None:
        with pytest.raises(Invalid) as refused:
            self.hospital.contract(self.bought, [self.row("79000")], supplier="丙公司", retention="5")
        assert "合同金额 79,000.00 元与中标价 78,000.00 元相差 1,000.00 元" in words(refused)
        assert "中标供应商为 甲公司，合同写的是 丙公司" in words(refused)
        assert "付款比例合计 95%，应为 100%" in words(refused)

    def test_a_locked_price_without_a_day(self) -> None:
        part = {"kind": "part", "name": "探头", "quantity": 1, "price": "900"}
        with pytest.raises(Invalid) as refused:
            self.hospital.contract(self.bought, [self.row(), part])
        assert "请填写锁价截止日期" in words(refused)

    def test_in_force_without_legal_and_signatures(self) -> None:
        contract = self.hospital.contract(self.bought, [self.row()], sign=False)
        with at(11), pytest.raises(Conflict) as early:
            contracting.sign(contract, actor=self.hospital.office, on=DAY, ours="甲", theirs="乙")
        assert early.value.code == "not_reviewed"
        with pytest.raises(Conflict) as refused:
            self.hospital.confirm(contract, self.hospital.office)
        assert "缺少法务审核意见" in words(refused)
        assert "还没有登记双方签订" in words(refused)
        with at(11), pytest.raises(Forbidden) as own:
            contracting.review(contract, actor=self.hospital.office, agrees=True, opinion="好")
        assert own.value.code == "own_contract"
        with at(11):
            contracting.review(contract, actor=self.hospital.lawyer, agrees=False, opinion="违约责任不清")
        with pytest.raises(Conflict) as said:
            self.hospital.confirm(contract, self.hospital.office)
        assert "法务不同意：违约责任不清" in words(said)

    def test_closed_before_it_is_settled(self) -> None:
        contract = self.hospital.confirm(
            self.hospital.contract(self.bought, [self.row()]), self.hospital.office
        )
        with at(13), pytest.raises(Conflict) as refused:
            contracting.close(contract, actor=self.hospital.office)
        assert "监护仪 合同 1，已验收 0" in words(refused)
        assert "合同 78,000.00 元，已申请付款 0.00 元，未付 78,000.00 元" in words(refused)
        with at(13):
            contracting.close(contract, actor=self.hospital.office, early=True, reason="供应商停产")
        with pytest.raises(Invalid) as closed:
            self.hospital.arrival(contract, "S-1")
        assert "已关闭，不在履行中" in words(closed)


class TestAccepting:
    @pytest.fixture(autouse=True)
    def _contract(self, hospital: Buying) -> None:
        self.hospital = hospital
        hospital.world.grant(hospital.office, accepting.CLINICAL)
        hospital.world.grant(hospital.engineer, accepting.CLINICAL)
        hospital.world.grant(hospital.ward, accepting.WORK)
        self.contract = hospital.machine("40000", 2)

    def test_pieces_and_serial_numbers(self) -> None:
        with pytest.raises(Invalid) as refused:
            self.hospital.arrival(self.contract, "A", "A", "")
        assert "出厂编号 A 重复" in words(refused)
        assert "请填写监护仪的出厂编号" in words(refused)
        assert "合同 2 台（件），其他验收单 0，本次 3，多出 1" in words(refused)
        self.hospital.arrival(self.contract, "A")
        with pytest.raises(Invalid) as again:
            self.hospital.arrival(self.contract, "A")
        assert "出厂编号 A 已在验收单 草稿#" in words(again)

    def test_stages_out_of_turn_and_without_a_photograph(self) -> None:
        made = self.hospital.arrival(self.contract, "A")
        with pytest.raises(Conflict) as refused:
            self.hospital.go(made, Stage.INSTALLATION)
        assert refused.value.reason == "到货尚未完成"
        of = self.contract.lines.get()
        bare = self.hospital.submit(
            self.hospital.draft(
                type(made), self.hospital.engineer, [{"contract_line": of.pk, "serial_number": "B", "quantity": 1}], contract=self.contract.pk
            ),
            self.hospital.engineer,
        )  # fmt: skip
        self.hospital.go(bare, Stage.ARRIVAL)
        with pytest.raises(Conflict) as photo:
            self.hospital.go(bare, Stage.OPENING)
        assert photo.value.code == "no_photo"

    def test_a_defect_is_ended_before_the_end(self) -> None:
        made = self.hospital.arrival(self.contract, "A")
        with pytest.raises(Invalid) as silent:
            accepting.pass_stage(
                made, Stage.ARRIVAL, actor=self.hospital.engineer, checks={"count": True, "transport": True}
            )
        assert "1 项不符合：外包装完好，无破损水渍" in words(silent)
        self.hospital.go(made, failed={"package": "外箱一角压损"})
        with pytest.raises(Conflict) as refused:
            self.hospital.confirm(made, self.hospital.office)
        assert "还有 1 项缺陷未处理：外包装完好，无破损水渍：不符合。外箱一角压损" in words(refused)
        defect = Defect.objects.get()
        with at(11), pytest.raises(Invalid) as own:
            accepting.end_defect(
                made, actor=self.hospital.engineer, defect=defect, kind="accepted", text="不影响使用"
            )
        assert "接受须由他人决定" in words(own)
        with at(11):
            accepting.end_defect(
                made, actor=self.hospital.ward, defect=defect, kind="accepted", text="不影响使用"
            )
        self.hospital.confirm(made, self.hospital.office)

    def test_three_signatures_are_three_people(self) -> None:
        made = self.hospital.arrival(self.contract, "A")
        self.hospital.go(made, Stage.ARRIVAL, Stage.OPENING, Stage.INSTALLATION, Stage.TRIAL, Stage.TECHNICAL)
        checks = {"use": True, "operators": True, "procedure": True}
        with at(11), pytest.raises(Forbidden) as refused:
            accepting.pass_stage(made, Stage.CLINICAL, actor=self.hospital.engineer, checks=checks)
        assert refused.value.reason == "您已在技术验收签字，临床验收须由另一人签字"
        with at(11), pytest.raises(Forbidden) as bought:
            accepting.pass_stage(made, Stage.CLINICAL, actor=self.hospital.office, checks=checks)
        assert bought.value.code == "own_contract"
        self.hospital.go(made, Stage.CLINICAL)
        with pytest.raises(Conflict) as final:
            self.hospital.confirm(made, self.hospital.engineer)
        assert "您已在技术验收签字，终验须由第三人" in words(final)
        # the database knows it too
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO assets_acquisition_step (acceptance_id, submission, stage, checks, text, by_id, at)"
                " SELECT acceptance_id, submission, 'final', '{}', '', by_id, at FROM assets_acquisition_step WHERE stage = 'technical'"
            )

    def test_what_was_seen_of_an_earlier_text_no_longer_counts(self) -> None:
        made = self.hospital.arrival(self.contract, "A")
        self.hospital.go(made)
        with at(12):
            services.withdraw(made, actor=self.hospital.engineer)
            services.submit(made, actor=self.hospital.engineer)
        with pytest.raises(Conflict) as refused:
            self.hospital.confirm(made, self.hospital.office)
        assert "技术验收尚未完成" in words(refused)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE assets_acquisition_step SET by_id = 1",
            "DELETE FROM assets_acquisition_defect",
            "TRUNCATE assets_acquisition_vote",
        ],
    )
    def test_raw_sql_on_what_was_said(self, change: str) -> None:
        made = self.hospital.arrival(self.contract, "A")
        self.hospital.go(made, Stage.ARRIVAL, failed={"package": "压损"})
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


class TestPaying:
    def test_more_than_a_milestone_has_earned(self, hospital: Buying) -> None:
        contract = hospital.machine("40000", 2)
        arrival, acceptance, retention = contract.milestones.order_by("pk")

        def ask(milestone: Any, amount: str) -> AcquisitionPayment:
            found: AcquisitionPayment = hospital.draft(
                AcquisitionPayment,
                hospital.office,
                [],
                contract=contract.pk,
                milestone=milestone.pk,
                amount=amount,
            )
            return found

        with pytest.raises(Invalid) as nothing:
            ask(arrival, "1")
        assert (
            "到货款 48,000.00 元，到货 0.00 元，占合同 0.00%：无，可付 0.00 元，已申请 0.00 元，本次 1.00 元，超出 1.00 元"
            in words(nothing)
        )
        made = hospital.arrival(contract, "A")
        hospital.go(made, Stage.ARRIVAL)
        with pytest.raises(Invalid) as half:
            ask(arrival, "24000.01")
        assert "占合同 50.00%" in words(half)
        ask(arrival, "24000")
        with pytest.raises(Invalid) as again:
            ask(arrival, "1")
        assert "可付 24,000.00 元，已申请 24,000.00 元" in words(again)
        with pytest.raises(Invalid) as unaccepted:
            ask(acceptance, "12000")
        assert "验收合格 0.00 元" in words(unaccepted)
        hospital.go(made, *list(Stage)[1:-1])
        hospital.confirm(made, hospital.office)
        hospital.accepted(contract, "B")
        with pytest.raises(Invalid) as early:
            ask(retention, "8000")
        assert "质保金款 8,000.00 元，2027-11-10 到期" in words(early)


def test_a_budget_is_not_lowered_below_its_plans(hospital: Buying) -> None:
    line = hospital.decided(hospital.asked()).lines.get()
    hospital.plan(line, (hospital.own, "80000"))
    with (
        pytest.raises(DatabaseError, match=r"已列计划 80000\.00 元，超过预算 79999\.00 元"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE assets_acquisition_budget SET amount = 79999 WHERE source_id = %s", [hospital.own.pk]
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_photograph_alone_is_no_paper(hospital: Buying) -> None:
    """A tender whose paper is there and whose three bids count goes through."""
    line = hospital.planned("80000")
    purchase = hospital.purchase(line, method="open", reason="", tender_number="ZB-1")
    photograph(purchase, hospital.office)
    assert hospital.awarded(purchase, "80000").number
    assert AcquisitionPlan.objects.count() == 1
