"""Roles, what they may do, and who holds them where."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from hrp.platform.access.models.users import Duty, User
from hrp.platform.base import clock
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit, Tree


@tracked()
class Role(models.Model):
    """A named set of permissions of one duty."""

    code = models.CharField("编码", max_length=50, unique=True)
    title = models.CharField("名称", max_length=50)
    duty = models.CharField("职责", max_length=10, choices=Duty.choices, default=Duty.BUSINESS)
    description = models.TextField("说明", blank=True)
    requires_second_factor = models.BooleanField("须双因子登录", default=False)

    class Meta:
        verbose_name = "角色"
        db_table = "access_role"
        constraints = [
            models.CheckConstraint(condition=Q(duty__in=Duty.values), name="access_role_duty"),
            # the target of the composite foreign keys of permissions and grants
            models.UniqueConstraint(fields=["id", "duty"], name="access_role_id_duty"),
        ]

    def __str__(self) -> str:
        return self.title


@tracked()
class RolePermission(models.Model):
    """One permission of a role. ``duty`` repeats the role's (the database fills it when left empty)."""

    role = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name="角色")
    code = models.CharField("权限", max_length=100)
    duty = models.CharField("职责", max_length=10, choices=Duty.choices, default="", editable=False)

    class Meta:
        verbose_name = "角色权限"
        db_table = "access_role_permission"
        constraints = [
            models.UniqueConstraint(fields=["role", "code"], name="access_role_permission_once"),
            models.CheckConstraint(
                condition=Q(duty=Duty.SYSTEM, code__startswith="system.")
                | Q(duty=Duty.SECURITY, code__startswith="security.")
                | Q(duty=Duty.AUDIT, code__startswith="audit.")
                | (Q(duty=Duty.BUSINESS) & ~Q(code__regex=r"^(system|security|audit)\.")),
                name="access_role_permission_of_its_duty",
            ),
        ]

    def __str__(self) -> str:
        return self.code


@tracked()
class RoleGrant(models.Model):
    """A user holds a role, in one org unit (with or without what is below it) or everywhere, from a day to a day.

    ``duty`` repeats that of user and role; composite foreign keys make the three agree.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="用户")
    role = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name="角色")
    duty = models.CharField("职责", max_length=10, choices=Duty.choices, default="", editable=False)
    org_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="范围", null=True, blank=True,
        help_text="空为全院",
    )  # fmt: skip
    include_children = models.BooleanField("含下级", default=True)
    tree = models.CharField("按哪棵树取下级", max_length=10, choices=Tree.choices, default=Tree.ADMIN)
    valid_from = models.DateField("起", default=dt.date(2000, 1, 1))
    valid_to = models.DateField("止", null=True, blank=True)
    granted_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name="授权人", null=True, blank=True,
        help_text="空为安装时授予",
    )  # fmt: skip
    granted_at = models.DateTimeField("授权时间", default=clock.now)

    class Meta:
        verbose_name = "角色授权"
        db_table = "access_role_grant"
        indexes = [models.Index(fields=["user"], name="access_role_grant_user")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="access_role_grant_validity",
            ),
            models.CheckConstraint(condition=Q(tree__in=Tree.values), name="access_role_grant_tree"),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("user")),
                name="access_role_grant_not_to_oneself",
            ),
            models.UniqueConstraint(
                F("user"), F("role"), Coalesce(F("org_unit"), Value(0)), F("tree"), F("valid_from"),
                name="access_role_grant_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user_id} {self.role_id}"
