"""科教项目: the register goods are charged to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.logistics.models import Project
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.ledger.models import Fund
from hrp.platform.ui import services
from hrp.platform.ui.screens import Column, Field, Filter, RegisterScreen

PERMISSIONS = {
    "logistics.project.view": "查看科教项目",
    "logistics.project.edit": "维护科教项目",
    "logistics.project.import": "导入科教项目",
    "logistics.project.export": "导出科教项目",
}
Kind = Project.Kind
FUND_OF = {Kind.RESEARCH: "F4", Kind.TEACHING: "F4", Kind.FISCAL: "F2", Kind.OTHER: "F3"}
OWN_MONEY = "F1"


def _save(*, actor: User, pk: int | None, values: Mapping[str, Any]) -> Any:
    """A project without a fund is paid from the one its kind has; none is paid from the hospital's everyday money."""
    given = dict(values)
    before = Project.objects.filter(pk=pk).first() if pk is not None else None
    kind = given.get("kind") or (before.kind if before else Kind.RESEARCH)
    if not given.get("fund") and (before is None or "fund" in given):
        given["fund"] = Fund.objects.values_list("pk", flat=True).get(code=FUND_OF[Kind(kind)])
    fund = given.get("fund") or (before.fund_id if before else None)
    if fund and Fund.objects.filter(pk=fund, code=OWN_MONEY).exists():
        raise Invalid(
            "项目经费不能是财政基本拨款及自有资金",
            problems=[Problem("请选财政项目、非同级财政或科教经费", field="fund")],
            way_out="自有资金的领用不必选项目。",
        )
    return services.save_row(PROJECTS, actor=actor, pk=pk, values=given)


PROJECTS = RegisterScreen(
    key="logistics.project",
    model=Project,
    title="科教项目",
    icon="flask",
    url="logistics/projects",
    menu=("logistics", "基础资料"),
    order=60,
    save=_save,
    ordering=("code",),
    columns=(
        Column("code", sort=True, fixed=True, card="meta"), Column("name", card="title"), Column("kind", card="line"), Column("fund"),
        Column("leader"), Column("org_unit"), Column("valid_from", sort=True), Column("valid_to", sort=True, card="meta"),
        Column("status", card="tag", tones={"active": "done", "suspended": "wait", "closed": "void"}),
    ),
    filters=(
        Filter("q", title="项目", kind="text", lookups=("code__istartswith", "name__icontains", "leader__icontains"), placeholder="编号 / 名称 / 负责人"),
        Filter("kind", kind="choice"), Filter("status", kind="choice"), Filter("org_unit", kind="register", register="org.unit"),
    ),
    fields=(
        Field("code", immutable=True), Field("name", span=2), Field("kind"),
        Field("fund", required=False, help="空着时按类别：科研、教学为科教经费，财政项目为财政项目拨款"), Field("leader"), Field("org_unit"),
        Field("valid_from"), Field("valid_to"), Field("status"),
    ),
    active=lambda project: not project.wrong_on(clock.today()),
    search=("code__istartswith", "name__icontains"),
    exact=("code",),
    hint=lambda project: f"{project.fund} · {project.leader}",
)  # fmt: skip
