"""The permissions of a role, ticked on one screen."""

from __future__ import annotations

from itertools import groupby

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from hrp.platform.access import permissions, scope, services
from hrp.platform.access.models import Role, RolePermission
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui import menu
from hrp.platform.ui.actors import actor_of

EDIT = "security.role.edit"


def _title(module: str) -> str:
    """A module as the menu calls it, else as the product calls its part."""
    system = menu.systems.get(module)
    if system is not None:
        return system.full_title
    part = apps.app_configs.get(module)
    return str(part.verbose_name) if part else module


class RolePermissions(View):
    def _role(self, request: HttpRequest, pk: int) -> Role:
        scope.require(actor_of(request), EDIT)
        role = Role.objects.filter(pk=pk).first()
        if role is None:
            raise NotFound(_("没有这个角色。"), way_out=_("请从角色列表打开。"))
        return role

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        role = self._role(request, pk)
        held = set(RolePermission.objects.filter(role=role).values_list("code", flat=True))
        offered = permissions.of_duty(role.duty)
        groups = [
            (_title(module), [(one, one.code in held) for one in found])
            for module, found in groupby(offered, key=lambda permission: permission.module)
        ]
        context = {
            "page_title": _("{role} 的权限").format(role=role.title),
            "role": role,
            "groups": groups,
            "back": f"/security/roles/{role.pk}",
        }
        return render(request, "ui/role_permissions.html", context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        role = self._role(request, pk)
        services.set_role_permissions(actor=actor_of(request), role=role, codes=request.POST.getlist("code"))
        messages.success(request, _("已保存 {role} 的权限").format(role=role.title))
        return redirect(f"/security/roles/{role.pk}")
