"""The promises every document keeps, for each type of assets."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hrp.assets.documents.asset_transfer import AssetTransfer
from hrp.assets.documents.booking import Booking
from hrp.assets.documents.depreciation_run import DepreciationRun
from hrp.assets.documents.revision import Revision
from hrp.assets.documents.write_off import WriteOff
from hrp.assets.tests.world import AssetHospital
from hrp.platform.documents import posting
from hrp.platform.documents.models import Reversal
from hrp.platform.documents.testing import DAY, DocumentContract


class Prepared(DocumentContract):
    """A hospital with assets around the contract's world."""

    max_post_queries = 40

    def prepare(self) -> None:
        self.hospital = AssetHospital(self.world)


class TestBooking(Prepared):
    model = Booking

    def header(self) -> dict[str, Any]:
        return self.common_header()

    def lines(self) -> list[dict[str, Any]]:
        card = self.hospital.card((self.hospital.own, "60000.00"), (self.hospital.fiscal, "1234.56"))
        return [{"asset": card.pk}]


class TestRevision(Prepared):
    model = Revision

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "kind": "value", "counter": "1613", "reason": "升级"}

    def lines(self) -> list[dict[str, Any]]:
        asset = self.hospital.book((self.hospital.own, "60000.00"), on=DAY)
        return [{"asset": asset.pk, "source": self.hospital.own.pk, "amount": "6000.01"}]


class TestAssetTransfer(Prepared):
    model = AssetTransfer

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "reason": "调整"}

    def lines(self) -> list[dict[str, Any]]:
        asset = self.hospital.book((self.hospital.own, "60000.00"), on=DAY)
        return [
            {"asset": asset.pk, "to_unit": self.world.other.pk, "ratio": "70"},
            {"asset": asset.pk, "to_unit": self.world.unit.pk, "ratio": "30"},
        ]


class TestWriteOff(Prepared):
    model = WriteOff

    def header(self) -> dict[str, Any]:
        return {**self.common_header(), "way": "scrap", "reason": "无维修价值"}

    def lines(self) -> list[dict[str, Any]]:
        return [{"asset": self.hospital.book((self.hospital.own, "60000.00"), on=DAY).pk}]


class TestDepreciationRun(Prepared):
    model = DepreciationRun

    def prepare(self) -> None:
        super().prepare()
        self.hospital.book((self.hospital.own, "60000.00"), on=DAY)

    def header(self) -> dict[str, Any]:
        return self.common_header()

    def test_numbers_have_no_gap_after_a_refused_posting(self) -> None:
        first = self.posted()
        posting.reverse(first, actor=self.maker, reason="重提", on=DAY)
        broken = self.approved()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            posting.post(broken, actor=self.maker)
            raise ZeroDivisionError
        again = posting.post(broken, actor=self.maker)
        reversal = Reversal.objects.get()
        assert int(str(again.number)[-5:]) == int(str(reversal.number)[-5:]) + 1

    def test_posting_costs_a_bounded_number_of_queries(self) -> None:
        document = self.approved()
        with CaptureQueriesContext(connection) as queries:
            posting.post(document, actor=self.maker)
        assert len(queries) <= self.max_post_queries
