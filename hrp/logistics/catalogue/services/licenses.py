"""Papers: their originals, telling people in time, and the exceptions two people sign."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.logistics.catalogue import parameters
from hrp.logistics.catalogue.models import Authorisation, License, LicenseFile, Override
from hrp.logistics.catalogue.rules import alerting
from hrp.platform.access import scope, selectors
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.files import StoredFile
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.notify import services as notify
from hrp.platform.notify.services import Notice
from hrp.platform.org import parameters as business

KIND = "logistics.license_expiry"
TELL = "logistics.license.edit"


@transaction.atomic
def attach(*, actor: User, license: License, stored: StoredFile) -> LicenseFile:
    """Keep a scanned original beside the paper."""
    scope.require(actor, "logistics.license.edit")
    row = LicenseFile.objects.create(
        license=license, name=stored.name, path=stored.path, sha256=stored.sha256, size=stored.size, mime=stored.mime,
        uploaded_by=actor, uploaded_at=clock.now(),
    )  # fmt: skip
    audit.record(
        actor=actor, act="logistics.license.attach", target=f"logistics.license:{license.pk}",
        summary=f"上传证照附件 {stored.name}", data={"sha256": stored.sha256},
    )  # fmt: skip
    return row


def remind(on: dt.date) -> int:
    """Tell who keeps the papers which of them end: at each step once, and every day after the end. Returns messages."""
    steps = business.value(parameters.ALERT_DAYS, on)
    horizon = on + dt.timedelta(days=max(steps, default=0))
    people = tuple(user.pk for user in selectors.holders_of(TELL))
    notices = []
    for paper in License.objects.filter(is_active=True, valid_to__lte=horizon).select_related("supplier"):
        if not _replaced(paper):
            notices += _notice(
                f"logistics.license:{paper.pk}",
                f"{paper.owner}的{paper}",
                paper.valid_to,
                on,
                steps,
                people,
                f"/logistics/licenses/{paper.pk}",
            )
    for grant in Authorisation.objects.filter(is_active=True, valid_to__lte=horizon).select_related(
        "grantee"
    ):
        later = Authorisation.objects.filter(
            manufacturer=grant.manufacturer, grantor=grant.grantor_id, grantee=grant.grantee_id, is_active=True, valid_to__gt=grant.valid_to
        )  # fmt: skip
        if not later.exists():
            notices += _notice(
                f"logistics.authorisation:{grant.pk}",
                f"{grant.grantee}的{grant.manufacturer}授权",
                grant.valid_to,
                on,
                steps,
                people,
                f"/logistics/authorisations/{grant.pk}",
            )
    return len(notify.notify_many(notices))


def _replaced(paper: License) -> bool:
    """Whether a later paper of the same kind (a product's: of the same number) has taken its place."""
    later = License.objects.filter(kind=paper.kind, is_active=True).exclude(pk=paper.pk)
    if paper.supplier_id is not None:
        later = later.filter(supplier=paper.supplier_id)
    else:
        later = later.filter(manufacturer=paper.manufacturer, number=paper.number)
    return later.filter(valid_to__gt=paper.valid_to).exists() or later.filter(valid_to=None).exists()


def _notice(
    source: str,
    what: str,
    valid_to: dt.date | None,
    on: dt.date,
    steps: tuple[int, ...],
    people: tuple[int, ...],
    url: str,
) -> list[Notice]:
    if valid_to is None or not (reached := alerting.mark(valid_to, on, steps)):
        return []
    left = (valid_to - on).days
    said = f"还有 {left} 天到期" if left >= 0 else f"已过期 {-left} 天"
    body = f"有效期至 {valid_to}。到期后订单与入库将按关口设置拦截，请及时更新。"
    return [Notice(people, KIND, f"{what}{said}", body, url, f"{source}:{valid_to}:{reached}")]


@transaction.atomic
def ask_override(
    *,
    actor: User,
    check: str,
    supplier: int | None,
    item: int | None,
    reason: str,
    valid_from: dt.date,
    valid_to: dt.date,
) -> Override:
    """Ask for an exception; it opens nothing until two people have signed."""
    scope.require(actor, "logistics.override.edit")
    if not reason.strip():
        raise Invalid("请写明放行的理由", problems=[Problem("请填写", field="reason")])
    row = Override(
        check_code=check, supplier_id=supplier, item_id=item, reason=reason.strip()[:300], valid_from=valid_from,
        valid_to=valid_to, asked_by=actor, asked_at=clock.now(),
    )  # fmt: skip
    if supplier is None and item is None:
        raise Invalid(
            "请写明放行哪个供应商或物资", problems=[Problem("供应商与物资至少填一项", field="supplier")]
        )
    if valid_to < valid_from:
        raise Invalid("放行止早于放行起", problems=[Problem("须不早于放行起", field="valid_to")])
    row.save()
    _log(actor, "ask", row, f"申请放行 {row}：{row.reason}")
    return row


@transaction.atomic
def sign_override(*, actor: User, override: Override, seat: str) -> Override:
    """Sign as head of department (``head``) or quality control (``quality``). One person signs once."""
    permission = {"head": "logistics.override.head", "quality": "logistics.override.quality"}[seat]
    scope.require(actor, permission)
    row = Override.objects.select_for_update(of=("self",)).get(pk=override.pk)
    title = {"head": "科长", "quality": "质控"}[seat]
    if row.revoked_at is not None or getattr(row, f"{seat}_by_id") is not None:
        raise Conflict(f"{row} 已撤销或{title}已签署", code="signed", way_out="请刷新页面查看最新状态。")
    other = row.quality_by_id if seat == "head" else row.head_by_id
    if other == actor.pk:
        raise Conflict("放行须由两个人分别签署", code="same_person", way_out="请由另一位有权限的人员签署。")
    setattr(row, f"{seat}_by", actor)
    setattr(row, f"{seat}_at", clock.now())
    row.save()
    _log(actor, seat, row, f"{title}同意放行 {row}：{row.reason}")
    return row


@transaction.atomic
def revoke_override(*, actor: User, override: Override) -> Override:
    """From now on the exception opens nothing."""
    if not (scope.has(actor, "logistics.override.head") or scope.has(actor, "logistics.override.quality")):
        scope.require(actor, "logistics.override.head")
    row = Override.objects.select_for_update(of=("self",)).get(pk=override.pk)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        _log(actor, "revoke", row, f"撤销放行 {row}")
    return row


def _log(actor: User, act: str, row: Override, summary: str) -> None:
    audit.record(
        actor=actor, act=f"logistics.override.{act}", target=f"logistics.override:{row.pk}", summary=summary,
        data={"check": row.check_code, "supplier": row.supplier_id, "item": row.item_id, "until": row.valid_to},
    )  # fmt: skip
