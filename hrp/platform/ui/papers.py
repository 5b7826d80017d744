"""Documents as the doors (pages and API) meet them: found within scope, and acted upon by the name of an act."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, NotFound
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.models import Document
from hrp.platform.ui.screens import DocumentScreen

SHARED_ACTS = ("submit", "approve", "return", "withdraw", "void", "post", "reverse")


def model_of(screen: DocumentScreen) -> Any:
    return registry.types[screen.kind].model


def visible(screen: DocumentScreen, actor: User, act: str = "view") -> QuerySet[Any]:
    """The documents of a type this person may see (or ``act`` upon)."""
    code = screen.code(act)
    scope.require(actor, code)
    rows = screen.queryset(actor) if screen.queryset else model_of(screen)._default_manager.all()
    return scope.filter(actor, code, rows)


def load(screen: DocumentScreen, actor: User, pk: int, act: str = "view") -> Document:
    """One document with what its page shows. Raises Forbidden, or NotFound when it is out of scope."""
    model = model_of(screen)
    code = screen.code(act)
    scope.require(actor, code)
    relations = [field.name for field in model._meta.concrete_fields if field.many_to_one]
    found: Document | None = model._default_manager.select_related(*relations).filter(pk=pk).first()
    if found is None:
        raise NotFound(
            _("没有找到这张{title}。").format(title=screen.title), way_out=_("请检查编号，或从列表打开。")
        )
    scope.check_object(actor, code, found)
    return found


def perform(
    document: Document,
    act: str,
    *,
    actor: User,
    reason: str = "",
    on: dt.date | None = None,
    version: int | None = None,
) -> Document:
    """One of the acts every document has."""
    match act:
        case "submit":
            return services.submit(document, actor=actor)
        case "approve":
            return services.approve(document, actor=actor, opinion=reason)
        case "return":
            return services.send_back(document, actor=actor, reason=reason)
        case "withdraw":
            return services.withdraw(document, actor=actor)
        case "void":
            return services.void(document, actor=actor, reason=reason)
        case "post":
            return posting.post(document, actor=actor, expected_version=version)
        case "reverse":
            return posting.reverse(document, actor=actor, reason=reason, on=on or clock.today())
    raise Conflict(_("没有“{act}”这个操作。").format(act=act[:30]), way_out=_("请刷新页面查看最新状态。"))
