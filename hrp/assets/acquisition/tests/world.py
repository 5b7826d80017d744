"""A hospital that buys: rules, budgets, and the people through whose hands a machine comes into the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.assets.acquisition.documents import stages
from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance
from hrp.assets.acquisition.documents.contract import AcquisitionContract
from hrp.assets.acquisition.documents.plan import AcquisitionPlan
from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase, Bid
from hrp.assets.acquisition.documents.request import AcquisitionRequest, AcquisitionRequestLine
from hrp.assets.acquisition.documents.stages import CHECKLISTS, Stage
from hrp.assets.acquisition.models import AcquisitionBudget, MethodRule, StepRule
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import accepting, bidding, contracting, deciding
from hrp.assets.models import FundingSource
from hrp.assets.tests.world import AssetHospital
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Attachment, Document
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

KINDS = ("request", "plan", "purchase", "contract", "acceptance", "payment")
EXTRA = (
    "assets.acquisition_rule.edit", "assets.large_licence.view", "assets.acquisition_budget.view", deciding.NAME, bidding.BID,
    bidding.AWARD, contracting.SIGN, contracting.CLOSE,
    "assets.asset.view",
)  # fmt: skip
SINCE = dt.date(2020, 1, 1)


class Buying(AssetHospital):
    """``machine(...)`` takes one thing from the wish of a ward to a contract in force."""

    def __init__(self, world: World | None = None) -> None:
        super().__init__(world)
        every = [f"assets.acquisition_{kind}.{act}" for kind in KINDS for act in ACTS]
        w = self.world
        self.ward = w.user(
            "nurse",
            "护士长",
            *(code for code in every if "_request." in code),
            accepting.CLINICAL,
            "assets.acquisition_acceptance.view",
        )
        self.office = w.user("office", "资产办", *(c for c in every if "_request.edit" not in c), *EXTRA)
        self.engineer = w.user(
            "engineer", "工程师", *(c for c in every if "_acceptance." in c), accepting.WORK, accepting.TECHNICAL, deciding.VOTE, "assets.acquisition_request.view"
        )  # fmt: skip
        self.lawyer = w.user("lawyer", "法务", contracting.LEGAL, "assets.acquisition_contract.view")
        self.director = w.user(
            "director", "院长", deciding.CODES[Step.COMMITTEE], deciding.CODES[Step.PARTY], deciding.VOTE, "assets.acquisition_request.view"
        )  # fmt: skip
        self.experts = [
            self.engineer,
            self.director,
            w.user("expert", "外科主任", deciding.VOTE, "assets.acquisition_request.view"),
        ]
        for step, low in (
            (Step.EXPERTS, 100000),
            (Step.COMMITTEE, 100000),
            (Step.PRESIDENT, 500000),
            (Step.PARTY, 1000000),
        ):
            StepRule.objects.create(
                step=step.value, basis="total", amount_from=low, valid_from=SINCE, source="测试制度"
            )
        for method, high, least in (("open", None, 3), ("enquiry", 2000000, 3), ("single", 2000000, 1)):
            MethodRule.objects.create(
                method=method, amount_to=high, least_bids=least, valid_from=SINCE, source="测试标准"
            )
        for source, amount in ((self.own, 5_000_000), (self.fiscal, 3_000_000)):
            AcquisitionBudget.objects.create(
                hospital=w.hospital, year=DAY.year, source=source, amount=Decimal(amount)
            )

    # -- one step at a time, each at its hour ---------------------------------------------------------------------

    def draft(self, model: type[Document], actor: User, lines: list[dict[str, Any]], **header: Any) -> Any:
        common = {"campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY}
        with clock.pinned(clock.at(DAY, 8)):
            return services.save_draft(model, actor=actor, header=common | header, lines=lines)

    def submit(self, document: Any, actor: User) -> Any:
        with clock.pinned(clock.at(DAY, 9)):
            return services.submit(document, actor=actor)

    def confirm(self, document: Any, actor: User) -> Any:
        with clock.pinned(clock.at(DAY, 12)):
            return posting.post(document, actor=actor)

    def wish(
        self, each: str = "80000", quantity: int = 1, *, lines: list[dict[str, Any]] | None = None, **header: Any
    ) -> AcquisitionRequest:  # fmt: skip
        """A draft of the ward with the statement signed."""
        given = {
            "need": "现有设备不足", "staff": "持证 2 人", "room": "已备", "charge_items": "", "volume": 0,
        } | header  # fmt: skip
        rows = lines or [
            {"name": "监护仪", "asset_class": self.device.pk, "quantity": quantity, "price": each}
        ]
        made: AcquisitionRequest = self.draft(AcquisitionRequest, self.ward, rows, **given)
        with clock.pinned(clock.at(DAY, 8, 30)):
            deciding.declare(made, actor=self.ward, has_interest=False)
        return made

    def asked(self, *args: Any, **given: Any) -> AcquisitionRequest:
        found: AcquisitionRequest = self.submit(self.wish(*args, **given), self.ward)
        return found

    def resolve(self, request: AcquisitionRequest, step: Step, **given: Any) -> None:
        meeting = (
            {} if step == Step.OFFICE else {"minutes": "纪〔2026〕5号", "held_on": DAY, "ayes": 7, "nays": 1}
        )
        actor = self.office if step == Step.OFFICE else self.director
        with clock.pinned(clock.at(DAY, 10)):
            deciding.resolve(
                request, step, actor=actor, **({"agrees": True, "opinion": "同意"} | meeting | given)
            )

    def panel(self, request: AcquisitionRequest, *votes: bool, score: int = 85) -> None:
        """Experts are named and vote."""
        with clock.pinned(clock.at(DAY, 10)):
            for expert, agrees in zip(self.experts, votes or (True, True, True), strict=False):
                deciding.name_expert(request, actor=self.office, expert=expert)
                deciding.vote(request, actor=expert, agrees=agrees, scores=[score] * 5, opinion="可行")

    def decided(self, request: AcquisitionRequest, *steps: Step) -> AcquisitionRequest:
        """Everybody in ``steps`` agrees, and the request is approved."""
        for step in steps or (Step.OFFICE,):
            if step == Step.EXPERTS:
                self.panel(request)
            else:
                self.resolve(request, step)
        found: AcquisitionRequest = self.confirm(request, self.office)
        return found

    def plan(
        self, line: AcquisitionRequestLine, *paid: tuple[FundingSource, str], post: bool = True, year: int = DAY.year
    ) -> AcquisitionPlan:  # fmt: skip
        rows = [{"request_line": line.pk, "source": source.pk, "amount": amount} for source, amount in paid]
        made = self.submit(self.draft(AcquisitionPlan, self.office, rows, year=year), self.office)
        found: AcquisitionPlan = self.confirm(made, self.office) if post else made
        return found

    def purchase(self, *lines: AcquisitionRequestLine, **header: Any) -> AcquisitionPurchase:
        """Submitted by the office."""
        given = {"method": "enquiry", "reason": "规格标准统一"} | header
        found: AcquisitionPurchase = self.submit(
            self.draft(AcquisitionPurchase, self.office, [{"request_line": line.pk} for line in lines], **given), self.office
        )  # fmt: skip
        return found

    def bids(self, purchase: AcquisitionPurchase, *prices: str) -> list[Bid]:
        """Suppliers 甲, 乙, 丙 ...: the first is scored highest."""
        with clock.pinned(clock.at(DAY, 10)):
            return [
                bidding.bid(
                    purchase, actor=self.office, supplier=f"{'甲乙丙丁'[n]}公司", price=Decimal(price), product="M-1",
                    technical=Decimal(50 - n), business=Decimal(20), price_score=Decimal(25),
                )
                for n, price in enumerate(prices)
            ]  # fmt: skip

    def awarded(self, purchase: AcquisitionPurchase, price: str) -> AcquisitionPurchase:
        """Three bids, and 甲 wins at ``price``."""
        first = self.bids(purchase, price, str(Decimal(price) + 1000), str(Decimal(price) + 2000))[0]
        with clock.pinned(clock.at(DAY, 11)):
            bidding.award(purchase, actor=self.office, chosen=first, notice="CJ-1")
        found: AcquisitionPurchase = self.confirm(purchase, self.office)
        return found

    def contract(
        self, purchase: AcquisitionPurchase, lines: list[dict[str, Any]], *, sign: bool = True, **header: Any
    ) -> AcquisitionContract:  # fmt: skip
        given = {
            "purchase": purchase.pk, "contract_number": f"HT-{purchase.pk}", "arrival": "60", "acceptance": "30", "retention": "10",
        } | header  # fmt: skip
        made: AcquisitionContract = self.submit(
            self.draft(AcquisitionContract, self.office, lines, **given), self.office
        )
        if sign:
            self.sign(made)
        return made

    def sign(self, contract: AcquisitionContract) -> None:
        with clock.pinned(clock.at(DAY, 11)):
            contracting.review(contract, actor=self.lawyer, agrees=True, opinion="无异议")
            contracting.sign(contract, actor=self.office, on=DAY, ours="院长", theirs="经理")

    def machine(
        self, price: str = "80000", quantity: int = 1, *paid: tuple[FundingSource, str], **header: Any
    ) -> AcquisitionContract:  # fmt: skip
        """From a wish below every limit to a contract in force; a piece costs ``price``."""
        total = Decimal(price) * quantity
        line = self.planned(price, quantity, *paid)
        bought = self.awarded(self.purchase(line), str(total))
        row = {
            "kind": "machine",
            "request_line": line.pk,
            "name": "监护仪",
            "model": "M-1",
            "quantity": quantity,
            "price": price,
        }
        found: AcquisitionContract = self.confirm(self.contract(bought, [row], **header), self.office)
        return found

    def planned(
        self, price: str = "80000", quantity: int = 1, *paid: tuple[FundingSource, str]
    ) -> AcquisitionRequestLine:  # fmt: skip
        total = Decimal(price) * quantity
        due = [Step.OFFICE]
        due += [Step.EXPERTS, Step.COMMITTEE] if total >= 100000 else []
        due += [Step.PRESIDENT] if total >= 500000 else []
        due += [Step.PARTY] if total >= 1000000 else []
        line = self.decided(self.asked(price, quantity), *due).lines.get()
        self.plan(line, *(paid or ((self.own, str(total)),)))
        found: AcquisitionRequestLine = line
        return found

    def arrival(
        self, contract: AcquisitionContract, *serials: str, actor: User | None = None, **header: Any
    ) -> AcquisitionAcceptance:  # fmt: skip
        """Submitted by the engineer with a photograph: pieces of the contract's first line."""
        of = contract.lines.filter(kind="machine").first()
        assert of is not None
        rows = [{"contract_line": of.pk, "serial_number": serial, "quantity": 1} for serial in serials]
        return self.came(contract, rows, actor=actor, **header)

    def came(
        self, contract: AcquisitionContract, rows: list[dict[str, Any]], *, actor: User | None = None, **header: Any
    ) -> AcquisitionAcceptance:  # fmt: skip
        by = actor or self.engineer
        made: AcquisitionAcceptance = self.draft(
            AcquisitionAcceptance, by, rows, contract=contract.pk, **header
        )
        photograph(made, by)
        found: AcquisitionAcceptance = self.submit(made, by)
        return found

    def go(
        self, acceptance: AcquisitionAcceptance, *upto: Stage, failed: Mapping[str, str] | None = None
    ) -> None:  # fmt: skip
        """Stages are passed; ``failed`` points with what is said about them."""
        bad = failed or {}
        with clock.pinned(clock.at(DAY, 11)):
            for stage in upto or stages.ORDER[:-1]:
                checks = {code: code not in bad for code, _ in CHECKLISTS[stage]}
                text = "；".join(words for code, words in bad.items() if code in checks)
                accepting.pass_stage(
                    acceptance, stage, actor=self.ward if stage == Stage.CLINICAL else self.engineer, checks=checks, text=text
                )  # fmt: skip

    def accepted(self, contract: AcquisitionContract, *serials: str, **header: Any) -> AcquisitionAcceptance:
        made = self.arrival(contract, *serials, **header)
        self.go(made)
        found: AcquisitionAcceptance = self.confirm(made, self.office)
        return found

    def reverse_by_office(self, document: Document) -> None:
        with clock.pinned(clock.at(DAY, 16)):
            posting.reverse(document, actor=self.office, reason="测试", on=DAY)


def photograph(document: Document, by: User) -> None:
    Attachment.objects.create(
        kind=document.spec.kind, document_id=document.pk, name="照片.jpg", path=f"test/{document.pk}", sha256="0" * 64, size=1,
        mime="image/jpeg", uploaded_by=by, uploaded_at=clock.now(),
    )  # fmt: skip
