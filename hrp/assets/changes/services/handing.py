"""Taking things over by scanning their labels: what was transferred or relocated waits until somebody who gets it has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from hrp.assets.changes.documents.relocation import RelocationLine
from hrp.assets.changes.models import Handover
from hrp.assets.documents.asset_transfer import AssetTransferLine
from hrp.assets.models import Asset
from hrp.assets.models.cards import HELD
from hrp.assets.rules.labels import token_of
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.models import State

RECEIVE = "assets.handover.receive"
RECENT = dt.timedelta(days=90)  # what nobody took over by then was taken over without a scan


@dataclass(frozen=True)
class Waiting:
    """A thing on its way, the document that sent it last, and the department that gets it."""

    asset: Asset
    document: Any
    unit_id: int


def waiting(actor: User) -> list[Waiting]:
    """What the actor may take over, the oldest document first."""
    newest: dict[int, Waiting] = {}
    since = clock.today() - RECENT
    transfers = AssetTransferLine.objects.filter(
        document__state=State.POSTED, document__business_date__gte=since
    )
    relocations = RelocationLine.objects.filter(
        document__state=State.POSTED, document__business_date__gte=since
    )
    lines: list[Any] = [
        *transfers.select_related("document", "asset__org_unit", "to_unit"),
        *relocations.select_related("document", "asset__org_unit"),
    ]
    for line in sorted(lines, key=lambda one: (one.document.posted_at, -one.position)):
        unit = getattr(line, "to_unit_id", None) or line.asset.org_unit_id
        newest[line.asset_id] = Waiting(line.asset, line.document, unit)
    sources = {one.document.source for one in newest.values()}
    taken = set(Handover.objects.filter(source__in=sources).values_list("source", "asset_id"))
    found = [
        one
        for one in newest.values()
        if one.asset.status in HELD
        and (one.document.source, one.asset.pk) not in taken
        and scope.has(actor, RECEIVE, one.unit_id)
    ]
    return sorted(found, key=lambda one: (one.document.business_date, one.asset.number or ""))


@transaction.atomic
def receive(*, actor: User, codes: Sequence[str]) -> list[Handover]:
    """Take over what the labels name: all of them, or none and the reason for each that does not wait for the actor."""
    scope.require(actor, RECEIVE)
    given = [code.strip() for code in dict.fromkeys(codes) if code.strip()]
    if not given:
        raise Invalid(
            "没有扫到标签", problems=[Problem("请扫描资产标签", field="codes")], way_out="请扫描资产标签，或输入资产编号。"
        )  # fmt: skip
    mine = {one.asset.pk: one for one in waiting(actor)}
    list(Asset.objects.select_for_update(of=("self",)).filter(pk__in=mine).order_by("pk"))
    rows, problems = [], []
    for code in given:
        token = token_of(code)
        one = next(
            (w for w in mine.values() if (w.asset.token == token if token else w.asset.number == code)), None
        )
        if one is None:
            problems.append(Problem(f"“{code[:40]}”没有等待您签收的调拨或移交", field="codes"))
        else:
            rows.append(
                Handover(
                    source=one.document.source, asset=one.asset, by=actor, at=clock.now(), by_label=token is not None
                )
            )  # fmt: skip
    if problems:
        raise Invalid(
            f"{len(problems)} 个条码不能签收", problems=problems, way_out="请核对标签；已签收的不必再扫，其他科室的请由其接收人签收。"
        )  # fmt: skip
    made = {(row.source, row.asset_id): row for row in rows}
    Handover.objects.bulk_create(made.values())
    for source in sorted({source for source, _ in made}):
        count = sum(1 for at, _ in made if at == source)
        audit.record(actor=actor, act=RECEIVE, target=source, summary=f"扫码签收 {count} 项")
    return list(made.values())
