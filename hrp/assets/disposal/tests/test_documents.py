"""The promises every document keeps, for 处置申请单 and 处置收入单."""

from __future__ import annotations

from typing import Any

from hrp.assets.disposal.documents.disposal_income import DisposalIncome
from hrp.assets.disposal.documents.disposal_request import DisposalRequest, Stage
from hrp.assets.disposal.services import deciding
from hrp.assets.disposal.tests.world import Disposing, photograph
from hrp.platform.documents.models import Document
from hrp.platform.documents.testing import DAY, DocumentContract
from hrp.platform.ledger.models import Fund


class TestDisposalRequest(DocumentContract):
    model = DisposalRequest
    max_post_queries = 40

    def prepare(self) -> None:
        self.hospital = Disposing(self.world, limits=False)

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "way": "scrap", "reason": "beyond_repair", "explanation": "无法修复", "cause": "进水",
            "responsible": "无责任人",
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"asset": self.hospital.book((self.hospital.own, "40000.00"), on=DAY).pk}]

    def approved(self) -> Document:
        """With a photograph and every opinion."""
        document = super().approved()
        assert isinstance(document, DisposalRequest)
        photograph(document, self.maker)
        for stage in deciding.CODES:
            if stage != Stage.EXTERNAL:
                deciding.say(document, stage, actor=self.hospital.people[stage], agrees=True, opinion="同意")
        return document


class TestDisposalIncome(DocumentContract):
    model = DisposalIncome

    def prepare(self) -> None:
        self.hospital = Disposing(self.world, limits=False)
        thing = self.hospital.thing("40000.00")
        self.request = self.hospital.approve(self.hospital.request(thing))
        self.hospital.execute(self.request)

    def header(self) -> dict[str, Any]:
        fund = Fund.objects.get(code="F1").pk
        return {
            **self.common_header(),
            "request": self.request.pk,
            "payer": "再生资源公司",
            "received": "1200",
            "fees": "200",
            "fund": fund,
        }
