"""What devices found as it arrives, at once or hours later from one that was offline."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from hrp.assets.models import Asset, Location
from hrp.assets.models.cards import HELD
from hrp.assets.rules.labels import token_of
from hrp.assets.stocktaking.models import Finding, PlanLine, StocktakePlan, StocktakeTask
from hrp.assets.stocktaking.parameters import PHOTO_LIMIT
from hrp.assets.stocktaking.rules import Kind
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Refusal
from hrp.platform.org.parameters import value

WORK = "assets.stocktake_task.work"
AHEAD = dt.timedelta(minutes=5)  # how far a device's clock may be ahead
PNG = b"\x89PNG"
MOST_PHOTO = 3 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """One finding as a device sends it: of a scanned or chosen asset, or (``extra``) of a thing without a card."""

    key: uuid.UUID
    kind: str
    found_at: dt.datetime
    code: str = ""
    location: int | None = None
    name: str = ""
    model: str = ""
    serial_number: str = ""
    note: str = ""
    photo: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What became of one: ``ok``, ``again`` (the very entry had arrived), or ``conflict`` with why."""

    key: uuid.UUID
    state: str
    code: str = ""
    words: str = ""
    kind: str = ""


def task_of(pk: int, *, actor: User) -> StocktakeTask:
    """A task the actor may scan for. Raises NotFound for those of other departments."""
    scope.require(actor, WORK)
    task = StocktakeTask.objects.select_related("plan", "org_unit").filter(pk=pk).first()
    if task is None or not scope.has(actor, WORK, task.org_unit_id):
        raise NotFound("没有找到您科室的盘点任务。", way_out="请返回列表刷新。")
    return task


@transaction.atomic
def record(task: StocktakeTask, entries: Sequence[Entry], *, actor: User) -> list[Answer]:
    """Take findings in, each judged by itself: one that cannot be taken does not hold up the others."""
    scope.require(actor, WORK, task.org_unit_id)
    fresh = StocktakeTask.objects.select_for_update(of=("self",)).select_related("plan").get(pk=task.pk)
    before = set(Finding.objects.filter(uuid__in=[e.key for e in entries]).values_list("uuid", flat=True))
    answers = []
    for entry in entries:
        if entry.key in before:
            answers.append(Answer(entry.key, "again"))
            continue
        try:
            found = _take(fresh, entry, actor)
        except Refusal as refused:
            answers.append(Answer(entry.key, "conflict", refused.code, f"{refused.reason} {refused.way_out}"))
        else:
            before.add(entry.key)
            answers.append(Answer(entry.key, "ok", kind=found.kind, words=str(found.asset or found.name)))
    return answers


def _take(task: StocktakeTask, entry: Entry, actor: User) -> Finding:
    if task.plan.state != StocktakePlan.State.COUNTING:
        raise Conflict(f"盘点{task.plan.get_state_display()}，未计入", code="ended")
    if task.state != StocktakeTask.State.COUNTING:
        raise Conflict("科室已确认，未计入", code="confirmed", way_out="请资产管理办公室退回任务后再扫。")
    now = clock.now()
    if not task.plan.frozen_at <= entry.found_at <= now + AHEAD:
        raise Conflict("扫描时间不在盘点期间", code="bad_time", way_out="请核对设备时钟。")
    location = _location(task, entry.location)
    if entry.kind == Kind.EXTRA:
        asset, line, kind = None, None, Kind.EXTRA
        if not entry.name.strip():
            raise Invalid("账外资产请填写名称", code="nameless")
    else:
        asset = _asset(entry.code)
        line, kind = _judged(task, asset, entry.kind, location)
        _require_photo(asset, entry)
    path = sha = ""
    if entry.photo:
        stored = _photo(entry.photo)
        path, sha = stored.path, stored.sha256
    return Finding.objects.create(
        uuid=entry.key, task=task, line=line, asset=asset, kind=kind, location=location, name=entry.name.strip()[:100],
        model=entry.model.strip()[:100], serial_number=entry.serial_number.strip()[:60], note=entry.note.strip()[:200],
        photo=path, photo_sha256=sha, found_at=entry.found_at, received_at=now, counter=actor,
    )  # fmt: skip


def _location(task: StocktakeTask, pk: int | None) -> Location | None:
    if pk is None:
        return None
    found = Location.objects.filter(pk=pk, campus=task.plan.campus_id).first()
    if found is None:
        raise Invalid("没有这个地点", code="no_such_place", way_out="请重新选择地点。")
    return found


def _asset(code: str) -> Asset:
    """By the token of its label, or by its number where the label is gone."""
    token = token_of(code)
    rows = Asset.objects.filter(token=token) if token else Asset.objects.filter(number=code.strip())
    found = rows.first()
    if found is None:
        raise NotFound("不是本院资产的标签", code="unknown_label", way_out="没有卡片的请按账外资产登记。")
    if found.status not in HELD:
        raise Conflict(
            f"{found} {found.get_status_display()}", code="not_held", way_out="请按账外资产登记，并注明编号。"
        )
    return found


def _judged(
    task: StocktakeTask, asset: Asset, said: str, location: Location | None
) -> tuple[PlanLine | None, Kind]:
    """The line of the plan an asset stands on, whichever department's it is, and what was found by that."""
    line = PlanLine.objects.filter(task__plan=task.plan_id, asset=asset).select_related("task").first()
    owner = line.task.org_unit_id if line else asset.org_unit_id
    if owner != task.org_unit_id:
        return line, Kind.OTHER_UNIT
    if said not in (Kind.OK, Kind.ELSEWHERE, Kind.DAMAGED, Kind.IDLE, Kind.UNLABELLED):
        said = Kind.OK
    where = line.location_id if line else asset.location_id
    if said == Kind.ELSEWHERE and location is None:
        raise Invalid("地点不符的请选择实际地点", code="no_place")
    if said == Kind.OK and location is not None and location.pk != where:
        said = Kind.ELSEWHERE
    if said == Kind.ELSEWHERE and location is not None and location.pk == where:
        raise Invalid(f"账面地点就是 {location}", code="same_place", way_out="请选“相符”。")
    return line, Kind(said)


def photo_limit() -> Decimal:
    return Decimal(value(PHOTO_LIMIT, clock.today()))


def _require_photo(asset: Asset, entry: Entry) -> None:
    limit = photo_limit()
    if asset.cost >= limit and not entry.photo:
        raise Invalid(
            f"{asset} 原值达到 {limit:,.2f} 元，须拍照", code="no_photo", way_out="请拍照后再确定。"
        )  # fmt: skip


def _photo(data: bytes) -> files.StoredFile:
    name = f"photo.{'png' if data.startswith(PNG) else 'jpg'}"
    kind = files.checked(data, name, allowed=("jpg", "png"), max_bytes=MOST_PHOTO)
    return files.store_bytes(data, name=name, kind=kind, folder="stocktaking")
