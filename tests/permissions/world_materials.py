"""The rooms of materials in the hospital of the matrix: what lies in a department once in every place, the rest once.

Documents, and what follows from them, come about through the product's own services; a register that is only kept by
hand is a row.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from hrp.logistics.budget.models import BudgetLine
from hrp.logistics.catalogue.models import (
    Authorisation,
    ClassNode,
    License,
    LicenseFile,
    OneOffPurchase,
    Override,
    PriceAgreement,
    ScanRecord,
    SupplyVersion,
    VolumeContract,
)
from hrp.logistics.catalogue.services import life
from hrp.logistics.models import Item, Supplier
from hrp.platform.base import clock
from hrp.platform.documents.testing import DAY, SINCE
from tests.permissions.places import canary

if TYPE_CHECKING:
    from hrp.logistics.models import Store
    from hrp.logistics.tests.test_documents import Stockroom
    from hrp.platform.org.models import OrgUnit
    from tests.permissions.world import Hospital

YEAR_END = dt.date(2026, 12, 31)


def furnish(hospital: Hospital, room: Stockroom, *, file: str) -> None:
    """Fill every room; ``file`` is a stored file to serve as an original."""
    materials = _Materials(hospital, room)
    materials.catalogue(file)
    for place, unit in hospital.units.items():
        materials.wishes(place, unit)


class _Materials:
    """``builder`` does everything anywhere, ``other`` what two people must do."""

    def __init__(self, hospital: Hospital, room: Stockroom) -> None:
        self.hospital = hospital
        self.room = room
        self.builder = hospital.builder
        self.other = hospital.people["fi"]
        self.now = clock.now()

    def _item(self, code: str, **more: Any) -> Item:
        return Item.objects.create(
            code=code, name=code, unit="个", material_class=self.room.gauze.material_class,
            **{"kind": "consumable", "lot_required": False, "expiry_required": False} | more,
        )  # fmt: skip

    # -- the catalogue: the whole hospital's ---------------------------------------------------------------------------

    def catalogue(self, file: str) -> None:
        """Items in every stage of their life, papers, prices and what the committee decides."""
        put, builder, room = self.hospital.put, self.builder, self.room
        for stage in life.Stage:
            life.begin(actor=builder, item=self._item(f"ML-{stage}", status=life.STATUS[stage]), stage=stage)
        paper = License.objects.create(
            kind="business", number="XK-1", supplier=room.supplier, valid_from=SINCE
        )
        put("logistics.license.file", "own", LicenseFile.objects.create(
            license=paper, name="证.txt", path=file, sha256="0" * 64, size=2, mime="text/plain", uploaded_by=builder,
            uploaded_at=self.now,
        ))  # fmt: skip
        Authorisation.objects.create(
            manufacturer="晨星", grantee=Supplier.objects.get(), valid_from=SINCE, valid_to=YEAR_END
        )
        Override.objects.create(
            check_code="price", supplier=room.supplier, reason="急用", valid_from=SINCE, valid_to=YEAR_END, asked_by=builder,
            asked_at=self.now,
        )  # fmt: skip
        PriceAgreement.objects.create(
            supplier=room.supplier, item=room.gauze, price="9", valid_from=SINCE, source="tender"
        )
        VolumeContract.objects.create(
            code="JC-1", name="集采", agreed="10", unit="个", valid_from=SINCE, valid_to=YEAR_END
        )
        SupplyVersion.objects.create(
            code="ML-1", meeting="第一次会议", meeting_date=SINCE, effective_from=YEAR_END, made_by=builder
        )
        ClassNode.objects.create(scheme="own", code="01", name="耗材")
        ScanRecord.objects.create(raw="CF2026", outcome="unknown", scanned_by=builder, scanned_at=self.now)

    # -- what a department wishes for --------------------------------------------------------------------------------

    def wishes(self, place: str, unit: OrgUnit) -> None:
        """A budget, and something outside the catalogue."""
        word, put = canary(place), self.hospital.put
        ended = {"valid_from": SINCE, "valid_to": DAY - dt.timedelta(days=1)}
        put(
            "logistics.budget_line",
            place,
            BudgetLine.objects.create(org_unit=unit, amount="100", note=word, **ended),
        )
        put("logistics.one_off", place, OneOffPurchase.objects.create(
            item=self.room.gauze, org_unit=unit, quantity="1", reason=word, valid_to=YEAR_END, asked_by=self.builder,
            asked_at=self.now,
        ))  # fmt: skip
