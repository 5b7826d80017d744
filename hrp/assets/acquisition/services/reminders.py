"""What is said every morning: retention money that falls due."""

from __future__ import annotations

import datetime as dt

from django.db.models import Sum

from hrp.assets.acquisition import parameters as mine
from hrp.assets.acquisition.documents import flows
from hrp.assets.acquisition.documents.contract import ContractAct, PayMilestone
from hrp.assets.acquisition.documents.payment import AcquisitionPayment, reached
from hrp.assets.acquisition.rules.milestones import Milestone
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.documents.models import State
from hrp.platform.documents.registry import url_for
from hrp.platform.notify import services as notify
from hrp.platform.org import parameters

KIND = "assets.acquisition"
PAY = "assets.acquisition_payment.edit"


def retention_due(*, on: dt.date) -> int:
    """On each of the days before retention falls due that the parameter names, and once when it is late."""
    days = parameters.value(mine.RETENTION, on)
    said = 0
    rows = PayMilestone.objects.filter(kind=Milestone.RETENTION.value, contract__state=State.POSTED).exclude(
        contract__acts__kind=ContractAct.Kind.CLOSE
    )
    for row in rows.select_related("contract__org_unit").order_by("pk"):
        due = reached(row, on=on).due_on
        asked = AcquisitionPayment.objects.filter(milestone=row, state__in=flows.LIVE).aggregate(
            asked=Sum("amount")
        )["asked"]
        if due is None or (asked or 0) >= row.amount:
            continue
        left = (due - on).days
        step = min((one for one in days if left <= one), default=None) if left >= 0 else -1
        if step is not None:
            said += _tell(row, due, left, step)
    return said


def _tell(row: PayMilestone, due: dt.date, left: int, step: int) -> int:
    words = f"还有 {left} 天" if left > 0 else ("今天到期" if left == 0 else f"已过 {-left} 天")
    people = [
        person
        for person in User.objects.filter(is_active=True, is_machine=False, duty="business")
        if scope.has(person, PAY, row.contract.org_unit_id)
    ]
    if not people:
        return 0
    notify.notify(
        recipients=people, kind=KIND, title=f"质保金 {due} 到期（{words}）：{row.contract.contract_number}"[:200],
        body=f"{row.contract.supplier} 质保金 {row.amount:,.2f} 元。确认质保期内无遗留问题后申请付款。", url=url_for(row.contract.source),
        dedupe_key=f"retention:{row.pk}:{due}:{step}",
    )  # fmt: skip
    return 1
