"""Every document of high-value goods keeps the promises of a document."""

from __future__ import annotations

from typing import Any

import pytest

from hrp.logistics.highvalue.documents.consign_in import ConsignIn
from hrp.logistics.highvalue.documents.consign_out import ConsignOut
from hrp.logistics.highvalue.documents.consign_statement import ConsignStatement
from hrp.logistics.highvalue.documents.operation_request import OperationRequest
from hrp.logistics.highvalue.documents.use_booking import UseBooking
from hrp.logistics.highvalue.documents.use_settlement import UseSettlement
from hrp.logistics.highvalue.models import TraceUnit, UnitScan, UseCharge
from hrp.logistics.highvalue.tests.world import NOON, Theatre
from hrp.platform.documents.testing import DAY, DocumentContract


class TestConsignIn(DocumentContract):
    model = ConsignIn

    def prepare(self) -> None:
        self.theatre = Theatre(self.world)

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), **self.theatre.consign_header()}

    def lines(self) -> list[dict[str, Any]]:
        return [self.theatre.line(2), self.theatre.line(1, "L2")]


class TestConsignOut(DocumentContract):
    model = ConsignOut

    def prepare(self) -> None:
        self.theatre = Theatre(self.world)
        self.units = iter(self.theatre.consign(12))

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(),
            "store": self.theatre.cabinet.pk,
            "supplier": self.theatre.supplier.pk,
            "reason": "unsold",
        }

    def lines(self) -> list[dict[str, Any]]:
        return [{"unit": next(self.units).pk}, {"unit": next(self.units).pk}]


class TestOperationRequest(DocumentContract):
    model = OperationRequest

    def prepare(self) -> None:
        self.theatre = Theatre(self.world)
        self.units = iter(self.theatre.consign(12))

    def header(self) -> dict[str, Any]:
        return {
            **self.common_header(), "visit_no": "ZY1", "patient": "李四", "operation": "冠脉支架植入术", "operator": "陈医生",
            "planned_on": DAY,
        }  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        return [{"item": self.theatre.stent.pk, "quantity": "2"}]

    def approved(self) -> Any:
        document = super().approved()
        unit = next(self.units)
        UnitScan.objects.create(
            source=document.source,
            line_position=1,
            unit=unit,
            raw=unit.uid,
            scanned_by=self.maker,
            scanned_at=NOON,
        )
        return document

    def test_posting_says_the_pieces_lie_ready_for_that_patient(self) -> None:
        document = self.posted()
        unit = TraceUnit.objects.get(state="picked")
        assert (unit.visit_no, document.patient) == ("ZY1", "李*")


class _Used(DocumentContract):
    """What needs pieces that were used."""

    def prepare(self) -> None:
        self.theatre = Theatre(self.world)
        self.pieces = iter([*self.theatre.consign(8), *self.theatre.buy(8, amount="6400")])

    def used(self) -> Any:
        use = self.theatre.use(next(self.pieces))
        UseCharge.objects.filter(use=use).update(state="charged")
        return use


class TestUseBooking(_Used):
    model = UseBooking
    max_post_queries = 34

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "store": self.theatre.store.pk, "fund": self.theatre.room.fund.pk}

    def lines(self) -> list[dict[str, Any]]:
        return [{"use": self.used().pk}]


class TestUseSettlement(_Used):
    model = UseSettlement

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "supplier": self.theatre.supplier.pk, "upto": DAY}

    def lines(self) -> list[dict[str, Any]]:
        use = self.used()
        self.theatre.book(use)
        return [{"unit": use.unit_id}]


class TestConsignStatement(DocumentContract):
    model = ConsignStatement

    def prepare(self) -> None:
        self.theatre = Theatre(self.world)
        self.batch = self.theatre.consign(3)[0].batch

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "supplier": self.theatre.supplier.pk}

    def lines(self) -> list[dict[str, Any]]:
        return [{"item": self.theatre.stent.pk, "batch": self.batch.pk, "stated": "3"}]


pytestmark = pytest.mark.django_db
