"""What surrounds signing in: the answer to too many tries, and showing that it is still you.

The sign-in pages themselves are django-allauth's views with our forms, adapters and templates.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.forms.utils import ErrorDict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from hrp.platform.access.forms import SignInForm


def locked_out(request: HttpRequest, response: Any, credentials: Any) -> HttpResponse:
    """Too many wrong passwords from this address for this name, whether the name exists or not."""
    form = SignInForm(data=request.POST, request=request)
    # the data were judged already; to validate the form would be one more try
    form.cleaned_data = {}
    form._errors = ErrorDict()
    form.add_error(
        None,
        _("尝试次数过多，请 {minutes} 分钟后再试，或联系系统管理员。").format(
            minutes=settings.HRP_LOGIN_LOCK_MINUTES
        ),
    )
    return render(request, "account/login.html", {"form": form}, status=429)


def still_you(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Ask for the password or second factor again when the last proof is over five minutes old.

    For sensitive acts: grants, payroll payment files, API keys. The request is resumed afterwards.
    """
    guarded = reauthentication_required(view, app="hrp")

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return guarded(request, *args, **kwargs)

    return asked
