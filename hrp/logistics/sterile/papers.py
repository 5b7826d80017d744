"""Labels of packs and the list of a load as PDF."""

from __future__ import annotations

from collections.abc import Sequence

from hrp.logistics.sterile.models import Load, Pack, PackStep
from hrp.logistics.sterile.services import loads
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.forms import FormColumn
from hrp.platform.ui import formats
from hrp.platform.ui.selectors import hospital_name


def pack_labels(packs: Sequence[Pack]) -> bytes:
    """One label a pack: name, who checked and wrapped it, load, days of sterilising and expiry."""
    wrapped: dict[int, PackStep] = {
        step.pack_id: step
        for step in PackStep.objects.filter(pack__in=packs, step="pack", passed=True).select_related("by").order_by("pk")
    }  # fmt: skip
    labels = [
        forms.label(
            title=str(pack.foreign_set or pack.pack_type), code=pack.barcode, corner="植入物" if loads.implants(pack) else "",
            fields=(
                ("包装", wrapped[pack.pk].by.display_name if pack.pk in wrapped else ""), ("锅次", str(pack.load or "")),
                ("灭菌", f"{pack.load.day:%Y-%m-%d}" if pack.load else ""), ("失效", f"{pack.expiry:%Y-%m-%d}" if pack.expiry else ""),
            ),
        )
        for pack in packs
    ]  # fmt: skip
    return pdf.render("label", {"hospital": hospital_name(), "width": 60, "height": 40, "labels": labels})


def load_list(load: Load, *, actor: User) -> bytes:
    """本锅清单, or 召回清单 once the load was recalled: every pack, where it went and whose patient it was used for."""
    rows = loads.whereabouts(load, reader=actor)
    lines = [
        {
            "n": str(place), "pack": row["pack"], "type": row["type"], "state": row["state"], "unit": row["org_unit"],
            "who": f"{row['visit_no']} {row['patient']}".strip(),
            "at": f"{clock.local(row['used_at']):%m-%d %H:%M}" if row["used_at"] else "",
        }
        for place, row in enumerate(rows, start=1)
    ]  # fmt: skip
    results = "；".join(f"{one} {one.reading}".strip() for one in load.results.all()) or "待登记"
    fields: list[tuple[str, str] | tuple[str, str, int]] = [
        ("灭菌器", str(load.machine)), ("锅次", f"{load.day:%Y-%m-%d} 第{load.number}锅"), ("程序", load.programme), ("操作人", load.operator.display_name),
        ("监测", results, 2), ("包数", str(len(rows))), ("已用于患者", str(sum(1 for row in rows if row["visit_no"]))),
    ]  # fmt: skip
    if load.recalled_at is not None:
        by = load.recalled_by.display_name if load.recalled_by else ""
        fields.append(("召回", f"{formats.datetime_text(load.recalled_at)} {by}：{load.recall_reason}", 3))
    printed = f"{actor} 于 {formats.datetime_text(clock.now())} 打印"
    data = forms.form(
        hospital=hospital_name(), title="灭菌锅次召回清单" if load.recalled_at else "灭菌锅次清单", number=str(load), fields=fields,
        columns=(
            FormColumn("n", "序号", 10, "center"), FormColumn("pack", "包条码", 26), FormColumn("type", "包名称"), FormColumn("state", "状态", 20),
            FormColumn("unit", "发往 / 使用科室", 28), FormColumn("who", "患者", 34), FormColumn("at", "使用时间", 20),
        ),
        lines=lines, signatures=("灭菌", "质检", "护士长"), printed=printed,
    )  # fmt: skip
    return pdf.render("form", data)
