"""People (and the product's own jobs) as actors."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q

from hrp.platform.base import clock
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


class Duty(models.TextChoices):
    """三员分立: the three administrators exclude one another and all business."""

    BUSINESS = "business", "业务"
    SYSTEM = "system", "系统管理员"
    SECURITY = "security", "安全管理员"
    AUDIT = "audit", "审计管理员"


class UserManager(BaseUserManager["User"]):
    """Makes users whose password is hashed and whose name is normalised (NFKC)."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """``display_name`` defaults to the username. Without password nobody can sign in as this user."""
        fields.setdefault("display_name", username)
        user = self.model(username=User.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


@tracked(exclude=["password", "last_login", "preferences", "session_epoch"])
class User(AbstractBaseUser):
    """Someone who acts. There is no superuser: every act needs a role, and a role belongs to one duty."""

    username = models.CharField(
        "用户名", max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    display_name = models.CharField("姓名", max_length=50)
    pinyin = models.CharField("拼音码", max_length=50, blank=True)
    unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="所在科室", null=True, blank=True
    )
    phone = models.CharField("手机", max_length=30, blank=True)
    email = models.EmailField("邮箱", blank=True)
    duty = models.CharField("职责", max_length=10, choices=Duty.choices, default=Duty.BUSINESS)
    is_active = models.BooleanField("启用", default=True)
    is_locked = models.BooleanField("锁定", default=False)
    is_machine = models.BooleanField("系统任务", default=False, help_text="后台任务的操作者，不能登录")
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    session_epoch = models.PositiveIntegerField("会话批次", default=0, help_text="加一即结束该用户全部会话")
    preferences = models.JSONField("界面偏好", default=dict, blank=True)
    created_at = models.DateTimeField("建立时间", default=clock.now)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    # set on the instance, for one request, when an API key carries less than its user holds
    narrowed_to: frozenset[str] | None = None

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "用户"
        db_table = "access_user"
        indexes = [models.Index(fields=["pinyin"], name="access_user_pinyin")]
        constraints = [
            models.CheckConstraint(condition=Q(duty__in=Duty.values), name="access_user_duty"),
            # the target of the composite foreign key of grants
            models.UniqueConstraint(fields=["id", "duty"], name="access_user_id_duty"),
            models.CheckConstraint(
                condition=Q(is_machine=False)
                | Q(is_locked=True, password__startswith="!", duty=Duty.BUSINESS),  # noqa: S106
                name="access_user_machine_cannot_sign_in",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def may_sign_in(self) -> bool:
        return self.is_active and not self.is_locked and not self.is_machine

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django compares this with the session at every request: another epoch, and the session is no longer his
        inherited = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{inherited}{self.session_epoch}"


class PasswordHistory(models.Model):
    """Hashes of earlier passwords, so that the last few cannot be taken again."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="用户")
    password = models.CharField("密码散列", max_length=128)
    created_at = models.DateTimeField("启用时间", default=clock.now)

    class Meta:
        verbose_name = "历史密码"
        db_table = "access_password_history"
        indexes = [models.Index(fields=["user", "-created_at"], name="access_password_history_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d}"
