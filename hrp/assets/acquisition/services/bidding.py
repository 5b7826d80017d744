"""Bids and the award of a purchase."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from hrp.assets.acquisition.documents.purchase import AcquisitionPurchase, Award, Bid
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

BID, AWARD = "assets.acquisition_purchase.bid", "assets.acquisition_purchase.award"
ZERO = Decimal(0)


def _open(purchase: AcquisitionPurchase, code: str, actor: User) -> AcquisitionPurchase:
    scope.check_object(actor, code, purchase)
    fresh = documents.lock(purchase)
    if fresh.state not in (State.SUBMITTED, State.APPROVED):
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}",
            code="wrong_state",
            way_out="提交后、确认中标（过账）前办理。",
        )
    return fresh


@transaction.atomic
def bid(
    purchase: AcquisitionPurchase, *, actor: User, supplier: str, price: Decimal, product: str = "", technical: Decimal = ZERO,
    business: Decimal = ZERO, price_score: Decimal = ZERO, qualified: bool = True, remark: str = "",
) -> Bid:  # fmt: skip
    """Write down one supplier's offer with its scores; why it does not count, when it does not."""
    fresh = _open(purchase, BID, actor)
    scores = {"technical": technical, "business": business, "price_score": price_score}
    problems = [] if supplier.strip() else [Problem("请填写供应商", field="supplier")]
    if price <= 0:
        problems.append(Problem("请填写报价", field="price"))
    problems += [Problem("分数不能为负", field=name) for name, score in scores.items() if score < 0]
    whole = sum(scores.values(), ZERO)
    if whole > 100:
        problems.append(Problem(f"技术、商务、价格分合计 {whole} 分，超过 100 分", field="price_score"))
    if not qualified and not remark.strip():
        problems.append(Problem("请填写否决理由", field="remark"))
    if problems:
        raise Invalid("投标记录不完整", problems=problems, way_out="请按提示填写。")
    if Bid.objects.filter(purchase=fresh, supplier=supplier.strip()[:100]).exists():
        raise Conflict(f"{supplier} 的投标已登记", code="bid_twice", way_out="请刷新页面。")
    made = Bid.objects.create(
        purchase=fresh, supplier=supplier.strip()[:100], product=product.strip()[:200], price=price, score=whole, qualified=qualified,
        remark=remark.strip()[:200], by=actor, at=clock.now(), **scores,
    )  # fmt: skip
    documents.log(fresh, "bid", actor=actor, summary=f"登记投标 {fresh}：{made}")
    return made


@transaction.atomic
def award(purchase: AcquisitionPurchase, *, actor: User, chosen: Bid, notice: str, reason: str = "") -> Award:
    """定标 for a bid that counts; another than the one scored highest needs a reason."""
    fresh = _open(purchase, AWARD, actor)
    if chosen.purchase_id != fresh.pk:
        raise Invalid(
            "不是本次采购的投标", problems=[Problem("请重新选择", field="bid")], way_out="请重新选择。"
        )
    problems = [] if notice.strip() else [Problem("请填写中标（成交）通知书编号", field="notice")]
    if not chosen.qualified:
        problems.append(Problem(f"{chosen.supplier} 的投标无效：{chosen.remark}", field="bid"))
    first = Bid.objects.filter(purchase=fresh, qualified=True).order_by("-score", "price", "pk").first()
    if first is not None and first.score > chosen.score and not reason.strip():
        said = f"{first.supplier} {first.score:.2f} 分高于 {chosen.supplier} {chosen.score:.2f} 分，请填写定标说明"
        problems.append(Problem(said, field="reason"))
    if problems:
        raise Invalid("不能定标", problems=problems, way_out="请按提示填写。")
    made = Award.objects.create(
        purchase=fresh, bid=chosen, notice=notice.strip()[:60], reason=reason.strip()[:300], by=actor, at=clock.now()
    )  # fmt: skip
    documents.log(fresh, "award", actor=actor, summary=f"定标 {fresh}：{made}")
    return made
