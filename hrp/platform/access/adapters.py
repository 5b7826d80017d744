"""Where django-allauth meets our people: its hooks, in our words and with our rules."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from hrp.platform.access.models import User
from hrp.platform.access.selectors import needs_second_factor
from hrp.platform.access.services.passwords import change_password
from hrp.platform.access.services.sessions import STARTED, begin, end_own
from hrp.platform.base import clock
from hrp.platform.base.vault import seal, unseal


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in by username; nobody signs up; tries on one account are judged one after another."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("用户名或密码不正确。"),
        "incorrect_password": _("密码不正确。"),
        "enter_current_password": _("当前密码不正确。"),
        "too_many_login_attempts": _("尝试次数过多，请 {minutes} 分钟后再试，或联系系统管理员。"),
    }

    def validation_error(self, code: str, *args: Any) -> Any:
        error = super().validation_error(code, *args)
        if code == "too_many_login_attempts":
            error.message = str(error.message).format(minutes=settings.HRP_LOGIN_LOCK_MINUTES)
        return error

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    @transaction.atomic
    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        # Counting and checking are apart in the libraries; without this lane twenty tries at once all pass the count.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext('access.sign_in'), hashtext(%s))",
                [str(credentials.get("username", "")).lower()],
            )
        user = super().authenticate(request, **credentials)
        # allauth hands out disabled users who know their password; to us they are strangers like any other
        return user if isinstance(user, User) and user.may_sign_in else None

    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        begin(request, actor=user)

    def logout(self, request: HttpRequest) -> None:
        end_own(request)

    def set_password(self, user: User, password: str) -> None:
        change_password(actor=user, new=password, keep_session=self.request.session.session_key)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_REDIRECT_URL)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within the first minutes after sign-in: that was the same proof."""
        started: float = context.request.session.get(STARTED, 0)
        return clock.now().timestamp() - started >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        template = kwargs.get("message_template") or (args[0] if args else None)
        if template == "account/messages/logged_in.txt":
            return
        super().add_message(request, level, *args, **kwargs)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The action log and the bell tell; mail may not even exist on the hospital's network."""


class MfaAdapter(DefaultMFAAdapter):
    """Second factors, encrypted at rest, and not given up while a role asks for one."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("验证码不正确，或已用过；请等下一个。"),
        "cannot_delete_authenticator": _("您的角色须双因子登录，不能停用最后一个。请先添加另一种。"),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        if authenticator.type == Authenticator.Type.RECOVERY_CODES:
            return True
        others = Authenticator.objects.filter(
            user_id=authenticator.user_id, type__in=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
        ).exclude(pk=authenticator.pk)
        return others.exists() or not needs_second_factor(authenticator.user)

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def _get_site_name(self) -> str:
        return str(settings.MFA_TOTP_ISSUER)
