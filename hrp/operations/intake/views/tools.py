"""For whom the shell carries intake's tools."""

from __future__ import annotations

from django.http import HttpRequest

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.models import Side
from hrp.platform.access import scope
from hrp.platform.access.models import User


def takes_calls(request: HttpRequest) -> bool:
    """The supplier's agents, on the pages of the service desk; not over the form that writes a call down."""
    return (
        request.path.startswith("/operations/")
        and not request.path.endswith("/ticket")
        and isinstance(request.user, User)
        and scope.has(request.user, "operations.call.handle")
        and contracts.side_of(request.user) == Side.SUPPLIER
    )
