"""Print what was chosen, and remember it: who prints a label again gets it marked 补打."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import Count

from hrp.logistics.labels import parameters
from hrp.logistics.labels.kinds import Kind
from hrp.logistics.labels.models import LabelPrint
from hrp.logistics.labels.rules import zpl
from hrp.logistics.labels.rules.zpl import Label
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.exchange import forms, pdf

PRINT = "logistics.label.print"
MOST_COPIES, MOST_LABELS = 200, 500


@dataclass(frozen=True)
class Printed:
    """The file, and its media type."""

    content: bytes
    media: str
    name: str


def times(kind: str, targets: Sequence[Any]) -> dict[str, int]:
    """How often labels of each thing were printed."""
    rows = LabelPrint.objects.filter(kind=kind, target__in=[str(one) for one in targets])
    return dict(rows.order_by().values_list("target").annotate(n=Count("pk")))


@transaction.atomic
def print_labels(
    kind: Kind, rows: Sequence[Any], copies: Mapping[int, int], *, way: str, hospital: str, actor: User
) -> Printed:
    """Labels of ``rows``, so many of each. Raises Invalid when nothing or too much was chosen."""
    scope.require(actor, PRINT)
    chosen = [(row, copies[row.pk]) for row in rows if copies.get(row.pk, 0) > 0]
    if not chosen:
        raise Invalid("没有选择要打印的标签", way_out="请勾选并填写张数。")
    wrong = [row for row, count in chosen if count > MOST_COPIES]
    if wrong or sum(count for _, count in chosen) > MOST_LABELS:
        raise Invalid(
            f"一次最多打印 {MOST_LABELS} 张，每个对象最多 {MOST_COPIES} 张", way_out="请分几次打印。",
            problems=[Problem("张数过多", field=f"copies-{row.pk}") for row in wrong],
        )  # fmt: skip
    if way not in LabelPrint.Way.values:
        raise Invalid("打印方式不在可选范围内", way_out="请选择 PDF 或 ZPL。")
    before = times(kind.key, [row.pk for row, _ in chosen])
    labels = [(_marked(kind.label(row), before.get(str(row.pk), 0)), count) for row, count in chosen]
    LabelPrint.objects.bulk_create(
        LabelPrint(
            kind=kind.key, target=str(row.pk), code=label.code[:120], copies=count, way=way, printed_by=actor, printed_at=clock.now()
        )
        for (row, count), (label, _) in zip(chosen, labels, strict=True)
    )  # fmt: skip
    audit.record(
        actor=actor, act="logistics.label.print", target=f"logistics.label:{kind.key}",
        summary=f"打印{kind.title} {sum(count for _, count in labels)} 张（{way.upper()}）",
        data={"codes": [label.human or label.code for label, _ in labels[:100]]},
    )  # fmt: skip
    draw = _as_zpl if way == LabelPrint.Way.ZPL else _as_pdf
    return draw(kind, labels, hospital)


def _marked(label: Label, before: int) -> Label:
    return replace(label, corner=f"补打 {before}") if before else label


def _as_zpl(kind: Kind, labels: Sequence[tuple[Label, int]], hospital: str) -> Printed:
    text = zpl.many(labels, parameters.printer(clock.today()))
    return Printed(text.encode(), "application/octet-stream", f"labels-{kind.key}.zpl")


def _as_pdf(kind: Kind, labels: Sequence[tuple[Label, int]], hospital: str) -> Printed:
    size = parameters.printer(clock.today())
    drawn = []
    for label, count in labels:
        data = forms.label(
            title=label.title, code=label.human or label.code, fields=label.fields, corner=label.corner, qr=label.code,
            bars=label.is_plain,
        )  # fmt: skip
        drawn += [data] * count
    content = pdf.render(
        "label", {"hospital": hospital, "width": size.width, "height": size.height, "labels": drawn}
    )
    return Printed(content, "application/pdf", f"labels-{kind.key}.pdf")
