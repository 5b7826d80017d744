"""Legal's opinion on a contract, its signing, and its closing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from hrp.assets.acquisition.documents import flows
from hrp.assets.acquisition.documents.contract import COUNTED, AcquisitionContract, ContractAct, acts_of
from hrp.assets.acquisition.documents.payment import AcquisitionPayment
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

KIND = "assets.acquisition_contract"
LEGAL, SIGN, CLOSE = f"{KIND}.legal", f"{KIND}.sign", f"{KIND}.close"
ZERO = Decimal(0)


def _open(contract: AcquisitionContract, code: str, actor: User) -> AcquisitionContract:
    scope.check_object(actor, code, contract)
    fresh = documents.lock(contract)
    if fresh.state not in (State.SUBMITTED, State.APPROVED):
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}", code="wrong_state", way_out="提交后、生效（过账）前办理。"
        )
    return fresh


@transaction.atomic
def review(contract: AcquisitionContract, *, actor: User, agrees: bool, opinion: str) -> ContractAct:
    """法务审核, by somebody who did not draft it."""
    fresh = _open(contract, LEGAL, actor)
    if fresh.maker_id == actor.pk:
        raise Forbidden("合同经办人不能做法务审核", code="own_contract", way_out="请由法务人员审核。")
    if not opinion.strip():
        raise Invalid(
            "请填写审核意见", problems=[Problem("请填写意见", field="opinion")], way_out="请填写意见。"
        )
    made = ContractAct.objects.create(
        contract=fresh, kind=ContractAct.Kind.LEGAL, agrees=agrees, on=clock.today(), text=opinion.strip()[:300], maker_id=fresh.maker_id,
        by=actor, at=clock.now(),
    )  # fmt: skip
    documents.log(
        fresh,
        "legal",
        actor=actor,
        summary=f"法务{'同意' if agrees else '不同意'} {fresh}：{opinion.strip()[:100]}",
    )
    return made


@transaction.atomic
def sign(contract: AcquisitionContract, *, actor: User, on: dt.date, ours: str, theirs: str) -> ContractAct:
    """登记签订, once legal has agreed."""
    fresh = _open(contract, SIGN, actor)
    legal = acts_of(fresh).get(ContractAct.Kind.LEGAL)
    if legal is None or not legal.agrees:
        said = "法务尚未审核" if legal is None else f"法务不同意：{legal.text}"
        raise Conflict(said, code="not_reviewed", way_out="法务审核同意后再签订。")
    problems = [
        Problem(f"请填写{title}", field=field)
        for field, title, given in (("ours", "甲方代表", ours), ("theirs", "乙方代表", theirs))
        if not given.strip()
    ]
    if not fresh.business_date <= on <= clock.today():
        problems.append(Problem(f"签订日期应在 {fresh.business_date} 至 {clock.today()} 之间", field="on"))
    if problems:
        raise Invalid("签订记录不完整", problems=problems, way_out="请按提示填写。")
    made = ContractAct.objects.create(
        contract=fresh, kind=ContractAct.Kind.SIGN, on=on, ours=ours.strip()[:40], theirs=theirs.strip()[:40], maker_id=fresh.maker_id,
        by=actor, at=clock.now(),
    )  # fmt: skip
    documents.log(fresh, "sign", actor=actor, summary=f"签订 {fresh}：{ours.strip()} / {theirs.strip()}")
    return made


@transaction.atomic
def close(
    contract: AcquisitionContract, *, actor: User, early: bool = False, reason: str = ""
) -> ContractAct:
    """关闭 once everything has come and is paid; earlier only with a reason."""
    scope.check_object(actor, CLOSE, contract)
    fresh = documents.lock(contract)
    if (
        fresh.state != State.POSTED
        or ContractAct.objects.filter(contract=fresh, kind=ContractAct.Kind.CLOSE).exists()
    ):
        raise Conflict(f"{fresh} 不在履行中", code="not_in_force", way_out="请刷新页面。")
    left = unsettled(fresh)
    if left and not early:
        raise Conflict(
            f"{fresh} 尚未履行完", code="not_settled", problems=[Problem(word) for word in left],
            way_out="履行完后再关闭；提前终止请勾选并写明原因。",
        )  # fmt: skip
    if early and not reason.strip():
        raise Invalid(
            "请填写提前终止的原因", problems=[Problem("请填写原因", field="reason")], way_out="请填写原因。"
        )
    made = ContractAct.objects.create(
        contract=fresh, kind=ContractAct.Kind.CLOSE, on=clock.today(), text=reason.strip()[:300], maker_id=fresh.maker_id, by=actor,
        at=clock.now(),
    )  # fmt: skip
    documents.log(fresh, "close", actor=actor, summary=f"关闭 {fresh} {reason.strip()}".strip())
    return made


def unsettled(contract: AcquisitionContract) -> list[str]:
    """What has not come or is not paid, with the figures."""
    came = flows.arrived(contract.pk)
    words = [
        f"{line} 合同 {line.quantity}，已验收 {came.get(line.pk, 0)}"
        for line in contract.lines.filter(kind__in=COUNTED).order_by("position")
        if came.get(line.pk, 0) < line.quantity
    ]
    paid = (
        AcquisitionPayment.objects.filter(contract=contract, state=State.POSTED).aggregate(
            paid=Sum("amount")
        )["paid"]
        or ZERO
    )
    if paid < contract.total:
        words.append(
            f"合同 {contract.total:,.2f} 元，已申请付款 {paid:,.2f} 元，未付 {contract.total - paid:,.2f} 元"
        )
    return words
