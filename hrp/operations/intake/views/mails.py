"""Triage of mails, and the files that came with them."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hrp.operations.contracts import selectors as contracts
from hrp.operations.desk import selectors as desk
from hrp.operations.desk.views import tickets
from hrp.operations.intake import selectors
from hrp.operations.intake.models import Mail, MailFile
from hrp.operations.intake.rules import mails as rules
from hrp.operations.intake.services import mails
from hrp.platform.access import scope
from hrp.platform.base import files
from hrp.platform.base.refusals import NotFound, Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest, pk: int) -> HttpResponse:
    """登记报修 from a mail at triage: its text and its time of receipt stand."""
    actor = actor_of(request)
    mail = selectors.mail(actor, pk, mails.TRIAGE)
    refusal: Refusal | None = None
    given: Mapping[str, str] = request.POST
    if request.method == "POST":
        try:
            ticket = mails.open_from_mail(actor=actor, mail=mail, report=tickets.read_report(request.POST))
        except Refusal as said:
            if errors.is_fragment(request):
                return errors.refused(request, said)
            refusal = said
        else:
            messages.success(request, _("工单 {number} 已登记").format(number=ticket.number))
            if errors.is_fragment(request):
                return HttpResponse(status=204, headers={"HX-Redirect": desk.url_of(ticket)})
            return redirect(desk.url_of(ticket))
    else:
        given = _first_values(mail)
    context = tickets.form_context(actor, given, refusal) | {"mail": mail}
    return render(request, "desk/new.html", context, status=refusal.status if refusal else 200)


def _first_values(mail: Mail) -> dict[str, str]:
    terms = contracts.terms_of(contracts.require_version(mail.received_at))
    return {
        "reporter_name": mail.sender_name or mail.sender[:50],
        "title": rules.title_of(mail.subject, mail.body),
        "description": mail.body[:4000],
        "module": rules.module_in(f"{mail.subject}\n{mail.body}", terms.modules),
        "level": rules.level_in(mail.subject, list(terms.levels)),
    }


@require_GET
def file(request: HttpRequest, pk: int, file: int) -> HttpResponseBase:
    """One file of a mail, to those who may see the mail or the ticket it belongs to; always as a download."""
    actor = actor_of(request)
    found = MailFile.objects.filter(mail_id=pk, pk=file).select_related("mail__outcome").first()
    if found is None or not found.path:
        raise NotFound(_("没有这个附件。"), way_out=_("未通过检查的附件没有保存，只留下名称和散列。"))
    outcome = getattr(found.mail, "outcome", None)
    if outcome is not None and outcome.ticket_id and not selectors.may_see(actor, found.mail):
        desk.ticket(actor, outcome.ticket_id)
    else:
        scope.check_object(actor, selectors.VIEW_MAILS, found.mail, selectors.PLACE)
    response = FileResponse(
        files.resolve(found.path).open("rb"), as_attachment=True, filename=found.name, content_type=found.mime
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
