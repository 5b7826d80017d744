"""计量: certificates written down as they come; what is overdue or failed is proposed to be stopped."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction

from hrp.assets.equipment.models import Certificate, Instrument, StopTag
from hrp.assets.equipment.selectors import metrology as selectors
from hrp.assets.equipment.services import tags
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Invalid, Problem

EDIT = "assets.metrology.edit"
MAX_BYTES = 10 * 1024 * 1024


@transaction.atomic
def certify(
    *, actor: User, instrument: Instrument, number: str, organisation: str, tested_on: dt.date, result: str,
    valid_to: dt.date | None, cost: Decimal = Decimal(0), upload: Any = None,
) -> Certificate:  # fmt: skip
    """Write down a certificate. One that failed proposes to stop the machine at once."""
    row = Instrument.objects.select_for_update(of=("self",)).select_related("asset").get(pk=instrument.pk)
    scope.require(actor, EDIT, row.asset.org_unit_id)
    _check(row, number, organisation or row.organisation, tested_on, result, valid_to)
    kept = (
        files.store_upload(upload, name=str(upload.name or ""), max_bytes=MAX_BYTES, folder="certificates")
        if upload
        else None
    )
    try:
        certificate = Certificate.objects.create(
            instrument=row, number=number.strip(), organisation=(organisation or row.organisation).strip(), tested_on=tested_on,
            result=result, valid_to=None if result == Certificate.Result.FAILED else valid_to, cost=cost, path=kept.path if kept else "",
            mime=kept.mime if kept else "", file_name=kept.name if kept else "", actor=actor, at=clock.now(),
        )  # fmt: skip
    except BaseException:
        if kept:
            files.remove(kept.path)
        raise
    audit.record(
        actor=actor, act="assets.metrology.certify", target=f"assets.metrology:{row.pk}", unit_id=row.asset.org_unit_id,
        summary=f"{row.asset} 计量证书 {certificate}",
    )  # fmt: skip
    if result == Certificate.Result.FAILED:
        tags.propose(
            actor=actor, asset=row.asset, reason=StopTag.Reason.CERTIFICATE,
            text=f"{certificate.organisation} {tested_on} 检定不合格，证书 {certificate.number}",
            source=f"assets.metrology:{row.pk}",
        )  # fmt: skip
    return certificate


def _check(
    row: Instrument, number: str, organisation: str, tested_on: dt.date, result: str, valid_to: dt.date | None
) -> None:
    problems = []
    if not number.strip():
        problems.append(Problem("请填写证书编号", field="number"))
    elif Certificate.objects.filter(instrument=row, number=number.strip()).exists():
        problems.append(Problem("该证书已登记", field="number"))
    if not organisation.strip():
        problems.append(Problem("请填写检定机构", field="organisation"))
    if tested_on > clock.today():
        problems.append(Problem("检定日期不能晚于今天", field="tested_on"))
    if result not in Certificate.Result.values:
        problems.append(Problem("请选择结论", field="result"))
    elif result != Certificate.Result.FAILED and (valid_to is None or valid_to <= tested_on):
        problems.append(Problem("有效期应晚于检定日期", field="valid_to"))
    if problems:
        raise Invalid("计量证书没有填完整", problems=problems, way_out="请按标红处填写。")


def propose_overdue(*, actor: User, on: dt.date) -> int:
    """A stop proposal for every instrument whose certificate ran out; returns how many are new."""
    made = 0
    for row in selectors.standing(on=on):
        if row.due_on < on:
            with transaction.atomic():
                made += 1 if tags.propose(
                    actor=actor, asset=row.instrument.asset, reason=StopTag.Reason.METROLOGY,
                    text=f"{'强制检定' if row.instrument.compulsory else '校准'}已于 {row.due_on} 到期，超期 {(on - row.due_on).days} 天",
                    source=f"assets.metrology:{row.instrument.pk}",
                ) else 0  # fmt: skip
    return made
