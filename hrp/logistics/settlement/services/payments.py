"""登记付款: an approved payment request becomes paid, with the day and number of the bank's return."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from hrp.logistics.settlement.documents.payment_request import PaymentRequest
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State


@transaction.atomic
def pay(*, actor: User, request: PaymentRequest, paid_on: dt.date, bank_reference: str) -> PaymentRequest:
    """Write down the bank's return and post. Raises Conflict when it is not approved or no longer payable."""
    document = services.lock(request)
    services.allow(document, "post", actor=actor)
    reference = bank_reference.strip()
    problems = []
    if not reference:
        problems.append(Problem("请填写银行回单号", field="bank_reference"))
    if paid_on > clock.today():
        problems.append(Problem("付款日期不能晚于今天", field="paid_on"))
    if problems:
        raise Invalid("付款信息不全", problems=problems, way_out="请按银行回单填写。")
    twin = PaymentRequest.objects.filter(bank_reference=reference).exclude(pk=document.pk)
    used = twin.exclude(state__in=(State.VOID, State.REVERSED)).first()
    if used is not None:
        raise Conflict(
            f"银行回单 {reference} 已登记在 {used}", code="return_used", way_out="请核对银行回单号。"
        )
    document.bank_reference, document.business_date = reference, paid_on
    document.save(update_fields=["bank_reference", "business_date"])
    return posting.post(document, actor=actor)
