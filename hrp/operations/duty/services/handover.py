"""Handing over, and checking that the hospital's counterparts can be reached."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.operations.duty import selectors
from hrp.operations.duty.models import ContactCheck, HandoverNote
from hrp.operations.duty.services import parties
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid
from hrp.platform.notify import services as notify


@transaction.atomic
def write_note(*, actor: User, layer: str, text: str, taken_by: User | None = None) -> HandoverNote:
    """Write down what the next one has to know; a named successor is told."""
    parties.require_supplier(actor, parties.WORK, "写交班记录")
    if layer not in selectors.layers():
        raise Invalid(f"没有「{layer}」这个值班层级", way_out="请重新选择。")
    if not text.strip():
        raise Invalid("交班内容为空", way_out="写明未了事项；没有的写「无」。")
    note = HandoverNote.objects.create(
        layer=layer, written_by=actor, taken_by=taken_by, text=text.strip(), at=clock.now()
    )
    audit.record(
        actor=actor,
        act="operations.duty.handover",
        target=f"operations.duty_handover:{note.pk}",
        summary=f"{layer}交班",
    )
    if taken_by is not None:
        notify.notify(
            recipients=[taken_by],
            kind="operations.duty",
            title=f"{actor.display_name} 向您交班（{layer}）",
            body=note.text[:200],
            url="/operations/duty/mine",
        )
    return note


@transaction.atomic
def check_contact(*, actor: User, counterpart: User, reached: bool, note: str = "") -> ContactCheck:
    """Record that a counterpart of the hospital was called at the number on file (AC-31). Raises Invalid without one."""
    scope.require(actor, parties.CHECK)
    if contracts.side_of(counterpart) != Side.HOSPITAL.value:
        raise Invalid(f"{counterpart.display_name} 不是甲方人员", way_out="只核验合同登记的甲方人员。")
    phone = next((one.phone for one in selectors.counterparts() if one.user.pk == counterpart.pk), "")
    if not phone:
        raise Invalid(
            f"{counterpart.display_name} 没有登记电话",
            way_out="请系统管理员在「联系方式」中登记手机后再核验。",
        )
    if not reached and not note.strip():
        raise Invalid("没有联系上的，请写明情况", way_out="例如无人接听、号码已换。")
    row = ContactCheck.objects.create(
        counterpart=counterpart,
        phone=phone,
        reached=reached,
        note=note.strip(),
        at=clock.now(),
        checked_by=actor,
    )
    audit.record(
        actor=actor,
        act="operations.duty.check_contact",
        target=f"operations.contact_check:{row.pk}",
        summary=f"联系核验 {counterpart.display_name}：{'联系上' if reached else '未联系上'}",
    )
    return row
