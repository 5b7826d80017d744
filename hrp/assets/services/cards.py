"""Draft cards: kept, paid for by sources, given to departments. What is booked is changed by documents."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.db.models import Field, ProtectedError

from hrp.assets.models import (
    Asset,
    AssetClass,
    CardEvent,
    DepartmentShare,
    FundingLine,
    FundingSource,
    ValueMove,
)
from hrp.assets.models.cards import LifeBasis, Status
from hrp.assets.models.classes import Method
from hrp.assets.services import reference
from hrp.assets.services.filling import fill, refuse
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.org.models import OrgUnit
from hrp.platform.org.rules.pinyin import pinyin_key

EDIT = "assets.asset.edit"
# what may still be written on a card that has a value in the ledger
ALWAYS = frozenset(
    {
        "spec", "model", "brand", "manufacturer", "country", "serial_number", "udi", "registration_number", "device_class",
        "supplier", "contract_number", "invoice_number", "produced_on", "location", "keeper", "shared", "life_support",
        "warranty_from", "warranty_to", "technical", "note", "pinyin", "parent",
    }
)  # fmt: skip


@transaction.atomic
def save(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> Asset:
    """Make a draft card or change one; of a booked card only what is not worth money (``booked`` otherwise)."""
    if pk is None:
        asset = Asset(status=Status.DRAFT)
    else:
        asset = Asset.objects.select_for_update(of=("self",)).get(pk=pk)
        scope.require(actor, EDIT, asset.org_unit_id)
    stood = copy.copy(asset)
    before = asset.org_unit_id
    given = {name: value for name, value in values.items() if name not in ("number", "status", "booked_on")}
    wrong = fill(asset, given)
    if wrong:
        refuse("资产卡片", asset, wrong)
    if asset.status != Status.DRAFT:
        _require_free(stood, asset, given)
    if not asset.pinyin:
        asset.pinyin = pinyin_key(asset.name)
    scope.require(actor, EDIT, asset.org_unit_id)
    if asset.status == Status.DRAFT:
        _propose(asset)
    made = asset.pk is None
    refuse("资产卡片", asset)
    _require_one_hospital(asset)
    asset.save()
    if made:
        DepartmentShare.objects.create(
            asset=asset, org_unit=asset.org_unit, ratio=Decimal(100), valid_from=_since(asset)
        )
    elif asset.org_unit_id != before:
        # a card that was wholly its department's follows it; one that is shared keeps its shares
        DepartmentShare.objects.filter(asset=asset, org_unit=before, ratio=100).update(
            org_unit=asset.org_unit
        )
    audit.record(
        actor=actor,
        act=EDIT,
        target=f"assets.asset:{asset.pk}",
        summary=f"{'新建' if made else '修改'}卡片 {asset.name}",
    )
    return asset


def _require_free(stood: Asset, asset: Asset, names: Iterable[str]) -> None:
    """What of a booked card only documents may change stands as it stood."""
    fields = [cast("Field[Any, Any]", Asset._meta.get_field(name)) for name in names]
    locked = sorted(
        str(field.verbose_name)
        for field in fields
        if field.name not in ALWAYS and getattr(asset, field.attname) != getattr(stood, field.attname)
    )
    if locked:
        raise Conflict(
            f"{stood} 已入账，{'、'.join(locked)}不能直接修改", code="booked",
            way_out="价值与年限请用资产变动单，科室与地点请用资产调拨单。",
        )  # fmt: skip


def _require_one_hospital(asset: Asset) -> None:
    if asset.org_unit.campus.hospital_id != asset.campus.hospital_id:
        raise Invalid(
            "院区与使用科室不属于同一家医院", way_out="请重新选择院区或科室。",
            problems=[Problem("与使用科室不属于同一家医院", field="campus")],
        )  # fmt: skip
    if asset.location is not None and asset.location.campus_id != asset.campus_id:
        raise Invalid(
            f"存放地点 {asset.location} 在另一院区", way_out="请选择卡片所在院区的地点。",
            problems=[Problem("地点不在卡片的院区", field="location")],
        )  # fmt: skip


def _since(asset: Asset) -> dt.date:
    return asset.accepted_on or clock.today()


def _propose(asset: Asset) -> None:
    """A life from the table in force, where none was given."""
    kind: AssetClass = asset.asset_class
    definite = asset.life_basis != LifeBasis.INDEFINITE
    if asset.life_months is None and kind.method == Method.STRAIGHT and definite:
        asset.life_months = reference.usual_months(kind, clock.today())
    asset.life_support = asset.life_support or kind.life_support


def _draft(actor: User, asset: Asset) -> Asset:
    found = Asset.objects.select_for_update(of=("self",)).get(pk=asset.pk)
    scope.require(actor, EDIT, found.org_unit_id)
    if found.status != Status.DRAFT:
        raise Conflict(
            f"{found} 已入账", code="booked", way_out="资金构成请用资产变动单，使用科室请用资产调拨单。"
        )
    return found


@transaction.atomic
def pay(
    *, actor: User, asset: Asset, source: FundingSource, project: str, cost: Decimal, opening: Decimal = Decimal(0),
    opening_months: int = 0,
) -> FundingLine | None:  # fmt: skip
    """Say what a source paid for a draft card; nothing takes the line away. The card's cost follows its lines."""
    found = _draft(actor, asset)
    if cost < 0 or opening < 0 or opening > cost:
        raise Invalid(
            "金额不能为负，期初累计折旧不能超过金额", problems=[Problem("请核对金额", field="cost")]
        )
    line = None
    if cost:
        line, _ = FundingLine.objects.update_or_create(
            asset=found, source=source, project=project.strip(),
            defaults={"cost": cost, "opening": opening, "opening_months": opening_months},
        )  # fmt: skip
    else:
        _unpay(found, source, project.strip())
    found.cost = sum(FundingLine.objects.filter(asset=found).values_list("cost", flat=True), Decimal(0))
    found.save(update_fields=["cost"])
    audit.record(
        actor=actor,
        act=EDIT,
        target=f"assets.asset:{found.pk}",
        summary=f"{found.name} {source} {cost:,.2f} 元",
    )
    return line


def _unpay(asset: Asset, source: FundingSource, project: str) -> None:
    """Take a source from a draft; one that stood in the ledger before (a booking taken back) stays with nothing."""
    line = FundingLine.objects.filter(asset=asset, source=source, project=project).first()
    if line is None:
        return
    if ValueMove.objects.filter(line=line).exists():
        line.cost, line.opening, line.opening_months = Decimal(0), Decimal(0), 0
        line.save(update_fields=["cost", "opening", "opening_months"])
    else:
        line.delete()


@transaction.atomic
def discard(*, actor: User, asset: Asset) -> None:
    """Delete a draft card that no document names. Refuses (``in_use``) one that has a history."""
    found = _draft(actor, asset)
    if CardEvent.objects.filter(asset=found).exists():
        raise Conflict(f"{found} 曾经入账，不能删除", code="in_use", way_out="请保留卡片，或更正后重新入账。")
    name, pk = found.name, found.pk
    try:
        with transaction.atomic():
            found.delete()
    except (ProtectedError, IntegrityError):
        raise Conflict(
            f"{name} 已被单据引用，不能删除", code="in_use", way_out="请先从入账单中移除这张卡片。"
        ) from None
    audit.record(actor=actor, act=EDIT, target=f"assets.asset:{pk}", summary=f"删除草稿卡片 {name}")


@transaction.atomic
def share(*, actor: User, asset: Asset, unit: OrgUnit, ratio: Decimal) -> None:
    """Give a department its share of a draft card in percent; 0 takes it away."""
    found = _draft(actor, asset)
    if not 0 <= ratio <= 100:
        raise Invalid("比例应在 0 与 100 之间", problems=[Problem("请核对比例", field="ratio")])
    if unit.campus.hospital_id != found.campus.hospital_id:
        raise Invalid(f"{unit} 不属于本医院", problems=[Problem("不属于本医院", field="org_unit")])
    mine = DepartmentShare.objects.filter(asset=found, org_unit=unit)
    if not ratio:
        mine.delete()
    elif not mine.update(ratio=ratio):
        DepartmentShare.objects.create(asset=found, org_unit=unit, ratio=ratio, valid_from=_since(found))
    audit.record(
        actor=actor, act=EDIT, target=f"assets.asset:{found.pk}", summary=f"{found.name} {unit} {ratio:f}%"
    )
