"""Booking what was used, by department: nightly, or as soon as an operation is over."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from hrp.logistics.highvalue.documents.use_booking import UseBooking, refusal_of
from hrp.logistics.highvalue.models import PatientUse, UnitEvent
from hrp.logistics.models import Store
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict, Refusal
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import State
from hrp.platform.ledger.models import Fund

logger = logging.getLogger(__name__)
FUND = "F1"


def waiting(*, visit_no: str = "", upto: dt.date | None = None) -> list[PatientUse]:
    """Uses that can be booked now, oldest first."""
    found = PatientUse.objects.filter(unit__state="used", cancel=None).select_related(
        "unit__item", "unit__batch__supplier", "org_unit", "emergency_case", "nurse"
    )
    if visit_no:
        found = found.filter(visit_no=visit_no)
    if upto is not None:
        found = found.filter(used_on__lte=upto)
    return [use for use in found.order_by("pk") if not refusal_of(use)]


def pass_store(uses: Sequence[PatientUse]) -> Store:
    """Where suppliers' pieces come in and go out: above their cabinet, else the central store of the campus."""
    cabinets = UnitEvent.objects.filter(
        unit__in=[use.unit_id for use in uses],
        act="use",
        from_store__parent__isnull=False,
        from_store__kind="consignment",
    )
    above = cabinets.order_by("pk").values_list("from_store__parent_id", flat=True).first()
    stores = Store.objects.filter(is_active=True)
    central = stores.filter(campus_id=uses[0].campus_id, kind=Store.Kind.CENTRAL).order_by("code")
    found = (stores.filter(pk=above).first() if above else None) or central.first()
    if found is None:
        raise Conflict(
            "没有可以入出库的库房", code="no_store", way_out="请为寄售柜设置上级库房，或建立本院区的一级库。"
        )
    return found


@transaction.atomic
def book(*, actor: User, uses: Sequence[PatientUse], on: dt.date) -> UseBooking:
    """One posted 高值使用单 for uses of one department. Approved first where a hospital wants that: then it stays there."""
    document = services.save_draft(
        UseBooking,
        actor=actor,
        header={
            "campus": uses[0].campus_id, "org_unit": uses[0].org_unit_id, "business_date": on,
            "store": pass_store(uses).pk, "fund": Fund.objects.get(code=FUND).pk,
        },
        lines=[{"use": use.pk} for use in uses],
    )  # fmt: skip
    document = services.submit(document, actor=actor)
    return posting.post(document, actor=actor) if document.state == State.APPROVED else document


def drafted() -> frozenset[int]:
    """Uses already on a 高值使用单 that is on its way."""
    lines = UseBooking.objects.filter(state__in=("draft", "submitted", "returned", "approved"))
    return frozenset(lines.values_list("lines__use_id", flat=True))


def book_all(*, actor: User, on: dt.date, visit_no: str = "") -> list[UseBooking]:
    """A document for each department; one department's refusal does not keep the others from being booked."""
    groups: dict[int, list[PatientUse]] = defaultdict(list)
    taken = drafted()
    for use in waiting(visit_no=visit_no, upto=on):
        if use.pk not in taken:
            groups[use.org_unit_id].append(use)
    done = []
    for _, uses in sorted(groups.items()):
        try:
            done.append(book(actor=actor, uses=uses, on=on))
        except Refusal as refusal:
            if visit_no:
                raise
            logger.warning("高值使用未入账：%s %s", uses[0].org_unit, refusal)
    return done
