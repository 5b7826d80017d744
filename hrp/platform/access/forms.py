"""The forms of sign-in and of one's own account, in Chinese."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext_lazy as _

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.access.permissions import registry


class SignInForm(LoginForm):
    """Username and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self.fields["login"], _("用户名"), autofocus=True, autocapitalize="off", spellcheck="false")
        _dress(self.fields["password"], _("密码"))


class ChangePasswordForm(AllauthChangePasswordForm):
    """Current password, new password twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self.fields["oldpassword"], _("当前密码"), autofocus=True)
        _dress(self.fields["password1"], _("新密码"))
        _dress(self.fields["password2"], _("再输一次新密码"))
        self.fields["oldpassword"].help_text = ""

    @property
    def rules(self) -> list[str]:
        """The password policy, one sentence each."""
        return password_validators_help_texts()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if (
            cleaned.get("password1")
            and cleaned.get("password2")
            and cleaned["password1"] != cleaned["password2"]
        ):
            self.add_error("password2", _("两次输入的新密码不一致。"))
        return cleaned


class ReauthenticateForm(AllauthReauthenticateForm):
    """The password once more, before a sensitive act."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _dress(self.fields["password"], _("密码"), autofocus=True)
        self.fields["password"].help_text = ""


class KeyForm(forms.Form):
    """A new API key: what for, which permissions, how long."""

    name = forms.CharField(label=_("用途"), max_length=100)
    scopes = forms.MultipleChoiceField(label=_("权限"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        initial=90,
        choices=[(30, "30 天"), (90, "90 天"), (180, "180 天"), (365, "一年")],
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [permission for permission in registry if scope.has(user, permission.code)]
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        scopes.choices = [
            (p.code, f"{p.title}（{p.code}）") for p in sorted(held, key=lambda p: (p.module, p.code))
        ]

    def lifetime(self) -> dt.timedelta:
        return dt.timedelta(days=self.cleaned_data["days"])


def _dress(field: forms.Field, label: Any, **attrs: Any) -> None:
    field.label = label
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attrs)
