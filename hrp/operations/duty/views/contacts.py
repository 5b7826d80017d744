"""联系核验: the hospital's counterparts, their numbers, and when somebody last reached them."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.operations.duty import selectors
from hrp.operations.duty.models import ContactCheck
from hrp.operations.duty.services import handover, parties
from hrp.operations.duty.views import reading
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of

FRESH = dt.timedelta(days=92)


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    now = clock.now()
    rows = [
        (one, one.last is not None and one.last.reached and now - one.last.at < FRESH)
        for one in selectors.counterparts()
    ]
    context = {
        "page_title": _("联系核验"),
        "rows": rows,
        "history": ContactCheck.objects.select_related("counterpart", "checked_by")[:30],
        "may_check": scope.has(actor, parties.CHECK),
    }
    return render(request, "duty/contacts.html", context)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Record one call to a counterpart."""
    actor, given = actor_of(request), request.POST
    user = User.objects.filter(pk=pk).first()
    if user is None:
        raise NotFound(_("没有找到该人员"), way_out=_("请刷新页面。"))
    found = user
    return reading.answer(
        request,
        f"check-{pk}",
        lambda: handover.check_contact(
            actor=actor,
            counterpart=found,
            reached=given.get("reached") == "1",
            note=given.get("note", "")[:200],
        ),
        said=_("已记录核验"),
        back=reverse("operations.contacts"),
    )
