"""鉴定 and 销毁: who looked at the goods before they were written off, and who saw them destroyed after."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.logistics.counting.documents.scrap import Appraisal, Destruction, Scrap
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

APPRAISE, DESTROY = "logistics.scrap.appraise", "logistics.scrap.destroy"


@transaction.atomic
def appraise(scrap: Scrap, *, actor: User, opinion: str) -> Appraisal:
    """鉴定 of what was submitted, by somebody other than the maker."""
    scope.check_object(actor, APPRAISE, scrap)
    fresh = documents.lock(scrap)
    if fresh.state not in (State.SUBMITTED, State.APPROVED):
        raise Conflict(f"{fresh} {fresh.get_state_display()}，不能鉴定", way_out="提交后、过账前进行鉴定。")
    if fresh.maker_id == actor.pk:
        raise Forbidden(f"{fresh} 由您制单，不能由您鉴定", code="maker_appraises", way_out="请由其他人鉴定。")
    if not opinion.strip():
        raise Invalid("请填写鉴定意见", problems=[Problem("请填写鉴定意见", field="opinion")])
    made = Appraisal.objects.create(
        scrap=fresh, maker_id=fresh.maker_id, by=actor, opinion=opinion.strip()[:300], at=clock.now()
    )
    documents.log(fresh, "appraise", actor=actor, summary=f"鉴定 {fresh}：{opinion.strip()[:100]}")
    return made


@transaction.atomic
def destroy(
    scrap: Scrap, *, actor: User, method: str, place: str, on: dt.date, witness: User, note: str = ""
) -> Destruction:
    """销毁记录, before a witness who is not the one who records it."""
    scope.check_object(actor, DESTROY, scrap)
    fresh = documents.lock(scrap)
    if fresh.state != State.POSTED:
        raise Conflict(f"{fresh} {fresh.get_state_display()}，不能登记销毁", way_out="报损过账后再销毁。")
    if Destruction.objects.filter(scrap=fresh).exists():
        raise Conflict(f"{fresh} 已登记销毁", code="destroyed", way_out="请刷新页面。")
    problems = [
        Problem(f"请填写{title}", field=field)
        for field, title, given in (("method", "销毁方式", method), ("place", "地点", place))
        if not given.strip()
    ]
    if witness.pk == actor.pk:
        problems.append(Problem("监销人不能是经办人自己", field="witness"))
    if not fresh.business_date <= on <= clock.today():
        problems.append(Problem("销毁日期应在报损之后、今天之前", field="destroyed_on"))
    if problems:
        raise Invalid("销毁记录不完整", problems=problems, way_out="请按提示填写。")
    made = Destruction.objects.create(
        scrap=fresh, method=method.strip()[:50], place=place.strip()[:100], destroyed_on=on, witness=witness, by=actor,
        note=note.strip()[:200], recorded_at=clock.now(),
    )  # fmt: skip
    documents.log(fresh, "destroy", actor=actor, summary=f"销毁 {fresh}：{method}")
    return made
