"""The promises every document keeps, for the six of acquisition."""

from __future__ import annotations

from typing import Any

from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance
from hrp.assets.acquisition.documents.contract import AcquisitionContract
from hrp.assets.acquisition.documents.payment import AcquisitionPayment
from hrp.assets.acquisition.documents.plan import AcquisitionPlan
from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase
from hrp.assets.acquisition.documents.request import AcquisitionRequest
from hrp.assets.acquisition.documents.stages import CHECKLISTS, ORDER, Stage
from hrp.assets.acquisition.rules.decisions import Step
from hrp.assets.acquisition.services import accepting, bidding, contracting, deciding
from hrp.assets.acquisition.tests.world import Buying, photograph
from hrp.platform.documents.models import Document
from hrp.platform.documents.testing import DAY, DocumentContract


class TestAcquisitionRequest(DocumentContract):
    model = AcquisitionRequest
    max_post_queries = 32

    def prepare(self) -> None:
        self.hospital = Buying(self.world)

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(),
            "need": "现有设备不足",
            "volume": 100,
            "price": "80",
            "variable": "5",
            "charge_items": "监护",
        }

    def lines(self) -> list[dict[str, Any]]:
        return [{"name": "监护仪", "asset_class": self.hospital.device.pk, "quantity": 2, "price": "40000"}]

    def approved(self) -> Document:
        """With a statement and the office's opinion."""
        document = super().approved()
        assert isinstance(document, AcquisitionRequest)
        deciding.declare(document, actor=self.maker, has_interest=False)
        deciding.resolve(document, Step.OFFICE, actor=self.hospital.office, agrees=True, opinion="同意")
        return document


class TestAcquisitionPlan(DocumentContract):
    model = AcquisitionPlan
    max_post_queries = 32

    def prepare(self) -> None:
        self.hospital = Buying(self.world)
        self.line = self.hospital.decided(self.hospital.asked()).lines.get()

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "year": DAY.year}

    def lines(self) -> list[dict[str, Any]]:
        return [{"request_line": self.line.pk, "source": self.hospital.own.pk, "amount": "1000"}]


class TestAcquisitionPurchase(DocumentContract):
    model = AcquisitionPurchase
    max_post_queries = 36

    def prepare(self) -> None:
        self.hospital = Buying(self.world)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "method": "enquiry", "reason": "规格标准统一"}

    def lines(self) -> list[dict[str, Any]]:
        return [{"request_line": self.hospital.planned("10000").pk}]

    def approved(self) -> Document:
        """With three bids and an award."""
        document = super().approved()
        assert isinstance(document, AcquisitionPurchase)
        offered = self.hospital.bids(document, "9000", "9100", "9200")
        bidding.award(document, actor=self.hospital.office, chosen=offered[0], notice="CJ-1")
        return document


class TestAcquisitionContract(DocumentContract):
    model = AcquisitionContract
    max_post_queries = 40

    def prepare(self) -> None:
        self.hospital = Buying(self.world)

    def header(self) -> dict[str, Any]:
        self.line = self.hospital.planned("10000")
        bought = self.hospital.awarded(self.hospital.purchase(self.line), "9000")
        return {
            **self.common_header(), "purchase": bought.pk, "contract_number": f"HT-{bought.pk}", "acceptance": "95", "retention": "5",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": "machine",
                "request_line": self.line.pk,
                "name": "监护仪",
                "quantity": 1,
                "price": "9000",
            }
        ]

    def approved(self) -> Document:
        """Reviewed and signed."""
        document = super().approved()
        assert isinstance(document, AcquisitionContract)
        contracting.review(document, actor=self.hospital.lawyer, agrees=True, opinion="无异议")
        contracting.sign(document, actor=self.hospital.office, on=DAY, ours="院长", theirs="经理")
        return document


class TestAcquisitionAcceptance(DocumentContract):
    model = AcquisitionAcceptance
    max_post_queries = 90  # it makes a card with its shares and funding

    def prepare(self) -> None:
        self.hospital = Buying(self.world)
        self.contract = self.hospital.machine("8000", 9)
        self.serial = 0

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "contract": self.contract.pk}

    def lines(self) -> list[dict[str, Any]]:
        self.serial += 1
        return [
            {
                "contract_line": self.contract.lines.get().pk,
                "serial_number": f"S-{self.serial}",
                "quantity": 1,
            }
        ]

    def approved(self) -> Document:
        """With a photograph and every stage but the last."""
        document = super().approved()
        assert isinstance(document, AcquisitionAcceptance)
        photograph(document, self.maker)
        for stage in ORDER[:-1]:
            accepting.pass_stage(
                document, stage, actor=self.hospital.ward if stage == Stage.CLINICAL else self.hospital.engineer,
                checks={code: True for code, _ in CHECKLISTS[stage]},
            )  # fmt: skip
        return document


class TestAcquisitionPayment(DocumentContract):
    model = AcquisitionPayment

    def prepare(self) -> None:
        self.hospital = Buying(self.world)
        self.contract = self.hospital.machine(advance="30", arrival="0", acceptance="60")

    def header(self) -> dict[str, Any]:
        milestone = self.contract.milestones.get(kind="advance")
        return {
            **self.common_header(),
            "contract": self.contract.pk,
            "milestone": milestone.pk,
            "amount": "100",
        }
