"""计量器具 and their certificates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.assets.equipment.models import Certificate, Instrument
from hrp.assets.equipment.screens import reading
from hrp.assets.equipment.selectors import metrology as selectors
from hrp.assets.equipment.services import metrology
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

PERMISSIONS = {
    "assets.metrology.view": "查看计量", metrology.EDIT: "维护计量器具，登记证书", "assets.metrology.export": "导出计量",
    "assets.metrology.import": "导入计量器具",
}  # fmt: skip
STANDING = {"有效": "done", "待检": "wait", "超期": "back", "不合格": "back"}


def standing(row: Instrument) -> selectors.Standing:
    return selectors.due_on(row, row.certificates.all())


def _certify(*, actor: User, obj: Instrument, values: Mapping[str, Any]) -> str:
    row = metrology.certify(
        actor=actor, instrument=obj, number=reading.text(values, "number"), organisation=reading.text(values, "organisation"),
        tested_on=reading.day(values, "tested_on"), result=reading.text(values, "result"), valid_to=reading.optional_day(values, "valid_to"),
        cost=reading.number(values, "cost", default=Decimal(0)), upload=values.get("file"),
    )  # fmt: skip
    return f"已登记证书 {row.number}"


INSTRUMENTS = RegisterScreen(
    key="assets.metrology",
    model=Instrument,
    title="计量器具",
    icon="ruler-2",
    url="assets/instruments",
    menu=("assets", "设备运维"),
    order=50,
    queryset=lambda actor: Instrument.objects.select_related("asset__org_unit").prefetch_related("certificates"),
    ordering=("-id",),
    columns=(
        Column("asset", card="title"), Column("asset__org_unit", title="科室", card="line"), "compulsory", "category", "months", Column("organisation", card="line"),
        Column("due", title="到期日", kind="date", value=lambda row: standing(row).due_on, card="meta"),
        Column("standing", title="状态", value=lambda row: standing(row).state(clock.today()), tones=STANDING, card="tag"), "is_active",
    ),
    filters=(
        Filter("q", title="设备", kind="text", lookups=("asset__number__istartswith", "asset__name__icontains")), Filter("compulsory", kind="bool"),
        Filter("asset__org_unit", title="科室", kind="register", register="org.unit"),
    ),
    fields=(Field("asset", span=2, immutable=True), "compulsory", "category", "months", Field("organisation", span=2), "on_site", "first_due", "is_active"),
    panels=(
        Panel(
            "certificates", "证书", lambda row, actor: row.certificates.select_related("actor"),
            ("number", "organisation", "tested_on", Column("result", tones={"passed": "done", "limited": "wait", "failed": "back"}), "valid_to", "cost", Column("file_name", link=lambda one: f"/assets/certificates/{one.pk}" if one.path else ""), "actor"),
            model=Certificate, empty="还没有证书",
        ),
    ),
    actions=(
        Action(
            "certify", "登记证书", _certify, permission=metrology.EDIT, icon="certificate", style="primary", model=Certificate,
            fields=("number", Field("organisation", required=False, help="空为该器具的检定机构"), "tested_on", "result", Field("valid_to", required=False), Field("cost", required=False), Field("file", title="证书文件", kind="file", required=False)),
        ),
    ),
    scope_field="asset__org_unit",
    search=("asset__number__istartswith", "asset__name__icontains"),
    exact=(),
)  # fmt: skip

ALL = (INSTRUMENTS,)
