"""The pages of one row of a register: read, edit, its panels, its acts and its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from hrp.platform.access import scope
from hrp.platform.audit import selectors as trail
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Refusal
from hrp.platform.ui import inputs, panels, reach, services
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.inputs import Input
from hrp.platform.ui.screens import Action, Notice, Panel
from hrp.platform.ui.views.documents import sections
from hrp.platform.ui.views.lists import ScreenView


class RegisterView(ScreenView):
    """Base: the row of the address, within the person's scope."""

    def load(self, request: HttpRequest, pk: int, act: str = "view") -> Any:
        found = self.rows(request, act).filter(pk=pk).first()
        if found is None:
            raise self.absent()
        return found

    def allow(self, actor: Any, code: str, obj: Any) -> None:
        """The permission of an act upon a row already found, in the place where the row lies."""
        path = "org_unit_id" if self.document is not None else self.screen.scope_path
        if obj is not None and path:
            scope.check_object(actor, code, obj, path)
            return
        scope.require(actor, code)
        if obj is not None and self.register is not None and self.register.narrow is not None:
            one = reach.narrowed(self.screen, actor, code, self.model._default_manager.filter(pk=obj.pk))
            if not one.exists():
                raise self.absent()

    def absent(self) -> NotFound:
        return NotFound(
            _("没有找到这条{title}。").format(title=self.screen.title),
            way_out=_("请检查编码，或从列表打开。"),
        )

    def inputs(self, actor: Any, *, new: bool = False) -> list[Input]:
        bound = inputs.bind(self.model, self.screen.fields, actor)
        if new:
            return bound
        frozen = {f.name for f in self.screen.fields if not isinstance(f, str) and f.immutable}
        return [inputs.frozen(one) if one.name in frozen else one for one in bound]

    def is_active(self, obj: Any) -> bool:
        screen = self.screen
        return bool(screen.active(obj)) if screen.active else bool(getattr(obj, "is_active", True))

    def is_editable(self, obj: Any) -> bool:
        screen = self.screen
        return screen.editable and bool(screen.fields) and not (screen.closed and screen.closed(obj))


class RegisterPage(RegisterView):
    """One row, read."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.page(request, self.load(request, pk))

    def page(self, request: HttpRequest, obj: Any, refusal: Refusal | None = None) -> HttpResponse:
        actor, screen = actor_of(request), self.screen
        may_edit = self.may(request, "edit")
        toggle = may_edit and (screen.disable is not None or (screen.editable and hasattr(obj, "is_active")))
        context = {
            "screen": screen,
            "page_title": str(obj),
            "crumb_title": screen.title,
            "list_url": self.address("list"),
            "obj": obj,
            "sections": sections(inputs.of_object(self.inputs(actor), obj)),
            "active": self.is_active(obj),
            "editable": may_edit and self.is_editable(obj),
            "toggle": toggle and (self.is_active(obj) or screen.enable is not None or screen.disable is None),
            "panels": panels.bind(screen.panels, obj, actor),
            "panel_url": f"{screen.base}{obj.pk}",
            "outputs": panels.outputs(screen.outputs, obj, actor),
            "own_acts": self._acts(actor, obj),
            "history": trail.history_of(obj) if screen.history and trail.is_tracked(self.model) else [],
            "refusal": refusal,
        }
        return render(request, "ui/register.html", context, status=refusal.status if refusal else 200)

    def _acts(self, actor: Any, obj: Any) -> list[dict[str, Any]]:
        return [
            {
                "action": action,
                "inputs": inputs.asked(action.model or self.model, action.fields, actor, place=action.code),
                "url": f"{self.screen.base}{obj.pk}/act/{action.code}",
            }
            for action in self.screen.actions
            if action.place in ("detail", "both")
            and (action.shown is None or action.shown(obj))
            and (not action.permission or scope.has(actor, action.permission))
        ]


class RegisterForm(RegisterView):
    """New and edit."""

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        actor = actor_of(request)
        self._allowed(request, pk)
        if pk is None:
            bound = self.inputs(actor, new=True)
            values = {**inputs.defaults(bound, actor), **request.GET.dict()}
            return self.page(request, None, inputs.of_values(bound, values, actor))
        obj = self.load(request, pk, "edit")
        return self.page(request, obj, inputs.of_object(self.inputs(actor), obj))

    def _allowed(self, request: HttpRequest, pk: int | None) -> None:
        screen = self.screen
        scope.require(actor_of(request), screen.code("edit"))
        if not screen.editable or not screen.fields or (pk is None and not screen.creatable):
            raise NotFound(_("{title}不能在这里编辑。").format(title=screen.title), way_out=_("请返回列表。"))

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        actor, screen = actor_of(request), self.screen
        self._allowed(request, pk)
        obj = self.load(request, pk, "edit") if pk is not None else None
        bound = self.inputs(actor, new=obj is None)
        taken = inputs.read(bound, request.POST.dict(), actor)
        try:
            taken.require(screen.title)
            saved = services.save(screen, actor=actor, pk=pk, values=taken.values)
        except (Invalid, Conflict) as refusal:
            values: dict[str, Any] = request.POST.dict()
            for one in bound:
                if one.readonly and obj is not None:
                    values[one.name] = getattr(obj, one.name, None)
            shown = inputs.with_problems(inputs.of_values(bound, values, actor), refusal.problems)
            return self.page(request, obj, shown, refusal)
        messages.success(request, _("已保存 {name}").format(name=saved))
        return redirect(f"{screen.base}{saved.pk}")

    def page(
        self, request: HttpRequest, obj: Any, shown: Sequence[Input], refusal: Refusal | None = None
    ) -> HttpResponse:
        screen = self.screen
        title = (
            _("新建{title}").format(title=screen.title) if obj is None else _("编辑 {name}").format(name=obj)
        )
        context = {
            "screen": screen,
            "page_title": title,
            "crumb_title": screen.title,
            "list_url": self.address("list"),
            "obj": obj,
            "sections": sections(shown),
            "back": self.address("list") if obj is None else f"{screen.base}{obj.pk}",
            "refusal": refusal,
        }
        return render(request, "ui/register_form.html", context, status=refusal.status if refusal else 200)


class RegisterToggle(RegisterView):
    """停用 and 启用."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        actor, screen = actor_of(request), self.screen
        obj = self.load(request, pk, "edit")
        active = self.is_active(obj)
        reason = request.POST.get("reason", "").strip()
        try:
            services.switch(screen, actor=actor, obj=obj, active=not active, reason=reason)
        except (Invalid, Conflict) as refusal:
            page = RegisterPage()
            page.setup(request)
            page.screen = screen
            return page.page(request, obj, refusal)
        messages.success(request, _("已停用") if active else _("已启用"))
        return redirect(f"{screen.base}{pk}")


class RegisterAct(RegisterView):
    """A declared action on one row, or (without pk) on the register as a whole."""

    def post(self, request: HttpRequest, pk: int | None = None, code: str = "") -> HttpResponse:
        actor, screen = actor_of(request), self.screen
        code = code or request.POST.get("act", "")
        obj = self.load(request, pk) if pk is not None else None
        action = self._action(code, obj)
        if action.permission:
            self.allow(actor, action.permission, obj)
        if action.shown is not None and not action.shown(obj):
            raise self._no_such_act()
        bound = inputs.bind(action.model or self.model, action.fields, actor)
        taken = inputs.read(bound, request.POST.dict(), actor)
        try:
            taken.require(action.title)
            values = {**taken.values, **request.FILES.dict()}
            said = action.run(actor=actor, obj=obj, values=values)
        except (Invalid, Conflict) as refusal:
            if obj is None:
                raise
            page = RegisterPage()
            page.setup(request)
            page.screen = screen
            return page.page(request, obj, refusal)
        if said and said.startswith("/"):
            return redirect(said)
        tags = "sticky" if isinstance(said, Notice) else ""
        messages.success(request, said or _("已完成 {title}").format(title=action.title), extra_tags=tags)
        return redirect(self.address("list") if obj is None else f"{screen.base}{obj.pk}")

    def _action(self, code: str, obj: Any) -> Action:
        places = ("page",) if obj is None else ("detail", "both")
        for action in self.screen.actions:
            if action.code == code and action.place in places:
                found: Action = action
                return found
        raise self._no_such_act()

    @staticmethod
    def _no_such_act() -> Conflict:
        return Conflict(_("当前没有这个操作。"), way_out=_("请刷新页面查看最新状态。"))


class PanelAdd(RegisterView):
    """Adding a row to a panel."""

    def post(self, request: HttpRequest, pk: int, key: str) -> HttpResponse:
        actor, screen = actor_of(request), self.screen
        obj = self.load(request, pk)
        panel: Panel | None = next((p for p in screen.panels if p.key == key and p.add is not None), None)
        if panel is None or panel.add is None:
            raise NotFound(_("没有这个栏目。"), way_out=_("请刷新页面。"))
        self.allow(actor, panel.permission or screen.code("edit"), obj)
        taken = inputs.read(inputs.bind(panel.model, panel.fields, actor), request.POST.dict(), actor)
        try:
            taken.require(panel.title)
            panel.add(actor=actor, obj=obj, values=taken.values)
        except (Invalid, Conflict) as refusal:
            page = RegisterPage()
            page.setup(request)
            page.screen = screen
            return page.page(request, obj, refusal)
        messages.success(request, _("已保存 {title}").format(title=panel.title))
        return redirect(f"{screen.base}{obj.pk}#panel-{panel.key}")
