"""The demo hospital buys: a request on its way through the committees, and a machine accepted this morning."""

from __future__ import annotations

import datetime as dt
from base64 import b64decode
from decimal import Decimal
from typing import Any

from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance
from hrp.assets.acquisition.documents.contract import AcquisitionContract
from hrp.assets.acquisition.documents.plan import AcquisitionPlan
from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase
from hrp.assets.acquisition.documents.request import AcquisitionRequest
from hrp.assets.acquisition.documents.stages import CHECKLISTS, ORDER, Stage
from hrp.assets.acquisition.models import AcquisitionBudget
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import accepting, bidding, contracting, deciding, reference
from hrp.assets.models import AssetClass, FundingSource
from hrp.platform.access.models import User
from hrp.platform.base import clock, files
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Document
from hrp.platform.org.models import Campus, OrgUnit

NURSE, OFFICE, ENGINEER, FINANCE, DIRECTOR = "zhaoqian", "huangwei", "gaoyuan", "chenlixin", "liusiyuan"
BIDS = (
    ("康健医疗器械有限公司", "84000", 38, 26, 29),
    ("众安医疗科技有限公司", "85500", 36, 25, 28),
    ("同泽商贸有限公司", "79800", 25, 20, 30),
)
# the smallest picture there is
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


class _Buying:
    """Who does what, at one site on one day."""

    def __init__(self, users: dict[str, User], campus: Campus, units: dict[str, OrgUnit]) -> None:
        self.users, self.campus, self.units = users, campus, units

    def draft(
        self, model: type[Document], who: str, unit: str, lines: list[dict[str, Any]], **header: Any
    ) -> Any:
        common = {"campus": self.campus.pk, "org_unit": self.units[unit].pk, "business_date": clock.today()}
        return services.save_draft(model, actor=self.users[who], header=common | header, lines=lines)

    def submit(self, document: Any, who: str) -> Any:
        return services.submit(document, actor=self.users[who])

    def post(self, document: Any, who: str = OFFICE) -> Any:
        return posting.post(document, actor=self.users[who])


def today(users: dict[str, User], campus: Campus, units: dict[str, OrgUnit], at: dt.datetime) -> None:
    """What of it was done by nine."""
    buying = _Buying(users, campus, units)
    with clock.pinned(at - dt.timedelta(minutes=30)):
        reference.install(actor=users[OFFICE])
        own = FundingSource.objects.get(code="04")
        for year in (clock.today().year, clock.today().year + 1):
            AcquisitionBudget.objects.create(
                hospital=campus.hospital,
                year=year,
                source=own,
                amount=Decimal(6_000_000),
                approval="院预字〔预〕3号",
            )
        contract = _bought(buying, own)
    with clock.pinned(at - dt.timedelta(minutes=10)):
        _accepted(buying, contract)
    with clock.pinned(at):
        _asked(buying)


def _bought(buying: _Buying, own: FundingSource) -> AcquisitionContract:
    kind = AssetClass.objects.get(code="A02320600")
    wish = buying.draft(
        AcquisitionRequest, NURSE, "0114",
        [{"name": "下肢关节康复训练器", "asset_class": kind.pk, "requirement": "膝、髋双关节，角度可调", "quantity": 1, "price": "86000"}],
        purpose="more", need="现有 2 台，术后康复排队平均 1.5 天", charge_items="关节松动训练", volume=1500, price="45", variable="3",
        staff_cost="18000", upkeep="3000",
    )  # fmt: skip
    deciding.declare(wish, actor=buying.users[NURSE], has_interest=False)
    wish = buying.submit(wish, NURSE)
    deciding.resolve(wish, Step.OFFICE, actor=buying.users[OFFICE], agrees=True, opinion="符合配置标准，同意")
    wish = buying.post(wish)
    line = wish.lines.get()
    plan = buying.draft(
        AcquisitionPlan, OFFICE, "0402", [{"request_line": line.pk, "source": own.pk, "amount": "86000"}], year=clock.today().year,
        plan_kind="added",
    )  # fmt: skip
    buying.post(buying.submit(plan, OFFICE))
    purchase = buying.draft(
        AcquisitionPurchase, OFFICE, "0402", [{"request_line": line.pk}], method="enquiry", reason="规格标准统一、现货充足",
        tender_number="XJ-01",
    )  # fmt: skip
    purchase = buying.submit(purchase, OFFICE)
    bids = [
        bidding.bid(
            purchase, actor=buying.users[OFFICE], supplier=supplier, price=Decimal(price), product="XT-6", technical=Decimal(technical),
            business=Decimal(business), price_score=Decimal(by_price),
        )
        for supplier, price, technical, business, by_price in BIDS
    ]  # fmt: skip
    bidding.award(purchase, actor=buying.users[OFFICE], chosen=bids[0], notice="CJ-01")
    buying.post(purchase)
    return _signed(buying, purchase, line)


def _signed(buying: _Buying, purchase: AcquisitionPurchase, line: Any) -> AcquisitionContract:
    contract = buying.draft(
        AcquisitionContract, OFFICE, "0402",
        [
            {"kind": "machine", "request_line": line.pk, "name": line.name, "model": "XT-6", "manufacturer": "东海医疗影像", "quantity": 1, "price": "84000"},
            {"kind": "part", "name": "绑带套件", "model": "XT-6-B", "quantity": 1, "price": "380", "locked_until": clock.today() + dt.timedelta(days=730)},
        ],
        purchase=purchase.pk, contract_number="HT-SB-01", warranty_months=24, training="现场培训 2 次", maintenance="质保期内每半年保养 1 次",
        acceptance="95", retention="5", retention_months=12,
    )  # fmt: skip
    contract = buying.submit(contract, OFFICE)
    contracting.review(contract, actor=buying.users[FINANCE], agrees=True, opinion="条款完备")
    contracting.sign(contract, actor=buying.users[OFFICE], on=clock.today(), ours="刘思远", theirs="周建平")
    found: AcquisitionContract = buying.post(contract)
    return found


def _accepted(buying: _Buying, contract: AcquisitionContract) -> None:
    arrival = buying.draft(
        AcquisitionAcceptance, ENGINEER, "0114",
        [{"contract_line": contract.lines.get(kind="machine").pk, "serial_number": "XT6-26071", "quantity": 1}],
        contract=contract.pk, note_number="SH-8812", vendor_person="周建平",
    )  # fmt: skip
    stored = files.store_bytes(PNG, name="开箱照片.png", kind="png", folder="uploads")
    services.attach(arrival, actor=buying.users[ENGINEER], stored=stored)
    arrival = buying.submit(arrival, ENGINEER)
    for stage in ORDER[:-1]:
        who = NURSE if stage == Stage.CLINICAL else ENGINEER
        accepting.pass_stage(
            arrival, stage, actor=buying.users[who], checks={code: True for code, _ in CHECKLISTS[stage]}
        )
    buying.post(arrival)


def _asked(buying: _Buying) -> None:
    """Above the limit of the office: experts are named, one has voted."""
    kind = AssetClass.objects.get(code="A02321000")
    wish = buying.draft(
        AcquisitionRequest, NURSE, "0114",
        [{"name": "双能X线骨密度仪", "asset_class": kind.pk, "requirement": "全身扫描，扫描时间不大于 5 分钟", "quantity": 1, "price": "420000"}],
        need="骨质疏松筛查每年外送 2600 例，患者往返不便", staff="影像技师 2 人，已取得上岗证", room="门诊 2 楼 12 m²，已做防护",
        charge_items="双能X线骨密度测定", volume=2600, price="120", variable="2", staff_cost="96000", upkeep="24000",
    )  # fmt: skip
    deciding.declare(wish, actor=buying.users[NURSE], has_interest=False)
    wish = buying.submit(wish, NURSE)
    deciding.resolve(wish, Step.OFFICE, actor=buying.users[OFFICE], agrees=True, opinion="请组织专家论证")
    for who, field in ((ENGINEER, "医学工程"), (DIRECTOR, "医院管理")):
        deciding.name_expert(wish, actor=buying.users[OFFICE], expert=buying.users[who], field=field)
    deciding.vote(
        wish,
        actor=buying.users[ENGINEER],
        agrees=True,
        scores=(90, 80, 85, 80, 88),
        opinion="技术成熟，维护量小",
    )
