"""The password policy, in the words the person choosing one reads."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from hrp.platform.access.models import PasswordHistory, User
from hrp.platform.access.rules.passwords import classes_of, core_of, is_like


class LengthValidator:
    def __init__(self, min_length: int = 8) -> None:
        self.min_length = min_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < self.min_length:
            raise ValidationError(
                _("密码只有 {n} 位，至少要 {least} 位。").format(n=len(password), least=self.min_length),
                code="password_too_short",
            )

    def get_help_text(self) -> str:
        return _("至少 {least} 位，建议 15 位以上。").format(least=self.min_length)


class ComplexityValidator:
    def __init__(self, classes: int = 3) -> None:
        self.classes = classes

    def validate(self, password: str, user: User | None = None) -> None:
        found = classes_of(password)
        if len(found) < self.classes:
            raise ValidationError(
                _("密码须含大写字母、小写字母、数字、符号中的至少 {n} 类，现在只有 {m} 类。").format(
                    n=self.classes, m=len(found)
                ),
                code="password_too_simple",
            )

    def get_help_text(self) -> str:
        return _("含大写字母、小写字母、数字、符号中的至少 {n} 类。").format(n=self.classes)


class LikenessValidator:
    """Not like one's own username, name, phone or mail address."""

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None:
            return
        for label, value in (
            (_("用户名"), user.username),
            (_("姓名"), user.display_name),
            (_("拼音"), user.pinyin),
            (_("手机号"), user.phone),
            (_("邮箱"), user.email.partition("@")[0]),
        ):
            if is_like(password, value):
                raise ValidationError(
                    _("密码与您的{what}太相似。").format(what=label), code="password_too_similar"
                )

    def get_help_text(self) -> str:
        return _("不含用户名、姓名、手机号等个人信息。")


class LeakedValidator:
    """Not one of the 20,000 most leaked passwords, nor one of them dressed up with capitals, digits and a symbol."""

    # what people who must use three classes type first
    USUAL = frozenset(
        {"admin", "hospital", "yiyuan", "password", "passwd", "woaini", "qwerty", "qwer", "asdf", "zxcv", "abc", "aa", "qq"}
        | {"qazwsx", "welcome", "root", "test", "user", "hrp", "xinglin", "china", "zhongguo", "iloveyou"}
    )  # fmt: skip

    def __init__(self) -> None:
        self.leaked = CommonPasswordValidator().passwords

    def validate(self, password: str, user: User | None = None) -> None:
        lowered = password.lower().strip()
        if lowered in self.leaked or core_of(password) in self.USUAL:
            raise ValidationError(
                _("这个密码太常见，已在泄露密码库中或极易猜到。"), code="password_too_common"
            )

    def get_help_text(self) -> str:
        return _("不是常见或已泄露的密码。")


class HistoryValidator:
    """None of the last few."""

    def validate(self, password: str, user: User | None = None) -> None:
        remembered = settings.HRP_PASSWORD_HISTORY
        if user is None or user.pk is None or not remembered:
            return
        earlier = PasswordHistory.objects.filter(user=user).order_by("-created_at", "-id")
        hashes = [user.password, *earlier.values_list("password", flat=True)[:remembered]]
        if any(check_password(password, known) for known in dict.fromkeys(hashes)):
            raise ValidationError(
                _("不能使用最近 {n} 次用过的密码。").format(n=remembered), code="password_used_before"
            )

    def get_help_text(self) -> str:
        return _("不与最近 {n} 次密码相同。").format(n=settings.HRP_PASSWORD_HISTORY)
