"""培训 and 培训教材 as declared registers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.defaults import default_terms
from hrp.operations.training import selectors, services
from hrp.operations.training.models import Attempt, Attendance, Material, Question, Rating, Session
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen, Tab

STATE_TONES = {"planned": "wait", "held": "done", "cancelled": "void"}
AUDIENCE_TONES = {"business": "info", "system": "check"}


def _modules(actor: Any) -> list[tuple[str, str]]:
    version = contracts.version_in_force(clock.now())
    names = (contracts.terms_of(version) if version else default_terms()).modules
    return [(name, name) for name in (*names, "其他")]


def _instant(values: dict[str, Any], name: str) -> dt.datetime:
    try:
        return dt.datetime.strptime(str(values.get(name, "")).strip(), "%Y-%m-%d %H:%M").replace(
            tzinfo=clock.HOSPITAL_ZONE
        )
    except ValueError:
        raise Invalid(
            "时间看不懂",
            way_out="写成 2026-11-23 14:30。",
            problems=[Problem("如 2026-11-23 14:30", field=name)],
        ) from None


def _save(*, actor: User, pk: int | None, values: dict[str, Any]) -> Session:
    plan = services.Plan(
        title=values["title"],
        audience=values["audience"],
        module=values["module"],
        material=Material.objects.defer("content").get(pk=values["material"]),
        starts_at=_instant(values, "starts_at"),
        ends_at=_instant(values, "ends_at"),
        place=values["place"],
        trainer=values["trainer"],
        pass_score=int(values.get("pass_score") or 60),
        tries=int(values.get("tries") or 3),
        note=values.get("note") or "",
    )
    session = Session.objects.get(pk=pk) if pk is not None else None
    return services.arrange(actor=actor, plan=plan, session=session)


def read_list(text: str) -> list[services.Person]:
    """The paper list typed one a line as ``name；department`` (code or name). Raises Invalid naming the line."""
    people = []
    for place, line in enumerate((row.strip() for row in text.splitlines() if row.strip()), start=1):
        name, _sep, unit = line.replace(";", "；").replace("，", "；").replace(",", "；").partition("；")
        wanted = unit.strip()
        found = OrgUnit.objects.filter(name=wanted).first() or OrgUnit.objects.filter(code=wanted).first()
        if not name.strip() or len(name.strip()) > 50 or (wanted and found is None):
            raise Invalid(
                f"第 {place} 行「{line[:30]}」看不懂",
                way_out="一行一人，写成「姓名；科室」；科室写全名或编码，院外人员只写姓名。",
                problems=[Problem(f"第 {place} 行", field="people")],
            )
        people.append(services.Person(name.strip(), found))
    return people


def _sign_list(*, actor: User, obj: Session, values: dict[str, Any]) -> str:
    count = services.sign_from_list(actor=actor, session=obj, people=read_list(str(values.get("people", ""))))
    return f"已登记 {count} 人"


def _close(*, actor: User, obj: Session, values: dict[str, Any]) -> str:
    services.close(actor=actor, session=obj)
    return "培训已举办"


def _cancel(*, actor: User, obj: Session, values: dict[str, Any]) -> str:
    services.cancel(actor=actor, session=obj, reason=str(values.get("reason", "")))
    return "培训已取消"


def _planned(session: Session) -> bool:
    return session.state == "planned"


def _best(row: Any) -> str:
    return "—" if row.best is None else f"{row.best} 分"


SESSIONS = RegisterScreen(
    key="operations.training",
    model=Session,
    title="培训",
    icon="school",
    url="operations/trainings",
    menu=("operations", "知识与培训"),
    order=20,
    queryset=lambda actor: selectors.sessions(),
    ordering=("-starts_at",),
    columns=(
        Column("starts_at", sort=True, fixed=True, card="meta"),
        Column("title", card="title"),
        Column("audience", tones=AUDIENCE_TONES, card="line"),
        Column("module", card="meta"),
        Column("trainer"),
        Column("place"),
        Column("signed", title="签到", kind="integer", value=lambda session: session.signed),
        Column("passed", title="测验合格", kind="integer", value=lambda session: session.passed),
        Column("rated", title="满意度", kind="text", value=lambda session: f"{session.rated:.1f}" if session.rated else ""),
        Column("state", tones=STATE_TONES, card="tag"),
    ),
    filters=(
        Filter("q", title="培训", kind="text", lookups=("title__icontains", "trainer__icontains", "place__icontains"), placeholder="主题 / 讲师 / 地点"),
        Filter("audience"),
        Filter("starts_at", title="日期", kind="date_range"),
    ),
    tabs=(Tab("planned", "已安排", {"state": "planned"}), Tab("held", "已举办", {"state": "held"}), Tab("cancelled", "已取消", {"state": "cancelled"})),
    fields=(
        Field("title", span=2), Field("audience"), Field("module", kind="choice", choices=_modules), Field("material", span=2),
        Field("starts_at", placeholder="2026-11-23 14:30"), Field("ends_at", placeholder="2026-11-23 16:00"), Field("place"), Field("trainer"),
        Field("pass_score"), Field("tries"), Field("state", readonly=True), Field("note", span=2),
    ),
    save=_save,
    closed=lambda session: session.state != "planned",
    search=("title__icontains",),
    exact=(),
    actions=(
        Action(
            "sign_list", "登记签到表", _sign_list, permission=selectors.EDIT, icon="list-check", model=Attendance, shown=_planned,
            fields=(Field("people", title="名单", kind="textarea", required=True, placeholder="赵倩；骨科一病区", help="一行一人：姓名；科室（全名或编码）"),),
        ),
        Action("close", "培训已举办", _close, permission=selectors.EDIT, icon="circle-check", style="primary", shown=_planned, confirm="签到名单到此为止，不再增加。"),
        Action("cancel", "取消培训", _cancel, permission=selectors.EDIT, icon="x", style="danger", shown=_planned, fields=(Field("reason", title="原因", kind="textarea", required=True),)),
    ),
    outputs=(
        Output("参加与测验", lambda session: reverse("operations.training.join", args=[session.pk]), icon="device-mobile", permission=selectors.ATTEND),
        Output("签到二维码", lambda session: reverse("operations.training.code", args=[session.pk]), icon="qrcode", permission=selectors.EDIT),
        Output("签到表", lambda session: reverse("operations.training.sheet", args=[session.pk]), permission=selectors.EDIT),
        Output("培训总结", lambda session: reverse("operations.training.summary", args=[session.pk]), icon="file-text"),
    ),
    panels=(
        Panel(
            "people", "签到", lambda session, actor: selectors.attendances_for(actor, session), model=Attendance, empty="还没有人签到",
            columns=("name", "org_unit", Column("via", title="方式"), "signed_at", Column("best", title="最好成绩", kind="text", value=_best), Column("tries", title="测验次数", kind="integer", value=lambda row: row.tries)),
        ),
        Panel(
            "attempts", "测验", lambda session, actor: session.attempts.select_related("user"), model=Attempt, empty="还没有人测验", permission=selectors.EDIT,
            columns=("user", "number", "score", "passed", "at"),
        ),
        Panel("ratings", "评价", lambda session, actor: selectors.ratings(session), ("user", "score", "comment", "at"), model=Rating, empty="还没有评价", permission=selectors.EDIT),
    ),
)  # fmt: skip


def _upload(*, actor: User, obj: Any, values: dict[str, Any]) -> str:
    file = values.get("content")
    if file is None:
        raise Invalid("请选择文件", way_out="PPT、PDF、Word 均可，不超过 20 MB。")
    if file.size > services.MOST_BYTES:
        raise Invalid("文件超过 20 MB", way_out="请压缩图片后再上传，录像请另行保存。")
    made = services.add_material(
        actor=actor, title=values["title"], version=values["version"], module=values["module"], file_name=file.name, content=file.read()
    )  # fmt: skip
    return f"/operations/materials/{made.pk}"


def _letters(row: Question) -> str:
    return "".join(chr(65 + place) for place in row.right)


def _add_question(*, actor: User, obj: Material, values: dict[str, Any]) -> Question:
    letters = [c for c in str(values.get("right", "")).upper() if c.isalpha()]
    return services.add_question(
        actor=actor, material=obj, text=str(values.get("text", "")), options=str(values.get("options", "")).splitlines(),
        right=[ord(letter) - 65 for letter in letters],
    )  # fmt: skip


def _retire(*, actor: User, obj: Material, values: dict[str, Any]) -> str:
    found = Question.objects.filter(material=obj, position=int(values["position"]), is_active=True).first()
    if found is None:
        raise Invalid(f"没有第 {values['position']} 题", way_out="请核对题号。")
    services.retire_question(actor=actor, question=found)
    return f"已停用第 {found.position} 题"


MATERIALS = RegisterScreen(
    key="operations.material",
    model=Material,
    title="培训教材",
    icon="notebook",
    url="operations/materials",
    menu=("operations", "知识与培训"),
    order=30,
    permission="operations.training",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: selectors.materials(),
    ordering=("title", "-pk"),
    columns=(
        Column("title", fixed=True, sort=True, card="title"), Column("version", card="tag"), Column("module", card="line"),
        Column("file_name", card="meta"), Column("uploaded_by"), Column("uploaded_at", sort=True, card="meta"),
        Column("sha256", title="SHA-256", kind="code", value=lambda row: f"{row.sha256[:16]}…"),
    ),
    filters=(Filter("title", title="教材", kind="text", lookups=("title__icontains", "file_name__icontains")),),
    fields=("title", "version", "module", "file_name", "uploaded_by", "uploaded_at", Field("sha256", span=3)),
    search=("title__icontains", "version__istartswith"),
    exact=(),
    hint=lambda row: row.module,
    actions=(
        Action(
            "upload", "上传教材", _upload, permission=selectors.EDIT, icon="upload", style="primary", place="page",
            fields=("title", "version", Field("module", kind="choice", choices=_modules, required=True), Field("content", kind="file", required=False)),
        ),
        Action(
            "retire", "停用一题", _retire, permission=selectors.EDIT, icon="ban",
            fields=(Field("position", title="题号", kind="integer", required=True),), shown=lambda row: row.questions.filter(is_active=True).exists(),
        ),
    ),
    outputs=(Output("下载", lambda row: reverse("operations.material.file", args=[row.pk]), icon="download"),),
    panels=(
        Panel(
            "questions", "测验题", lambda row, actor: row.questions.order_by("position"), model=Question, empty="还没有测验题", permission=selectors.EDIT,
            columns=(
                Column("position"), "text", Column("options", title="选项", kind="text", value=lambda q: "　".join(f"{chr(65 + n)}. {o}" for n, o in enumerate(q.options))),
                Column("right", title="正确", kind="text", value=_letters), "is_active",
            ),
            fields=(
                Field("text", span=3), Field("options", title="选项", kind="textarea", required=True, help="一行一个，依次为 A、B、C……"),
                Field("right", title="正确选项", kind="text", required=True, placeholder="B 或 ABD"),
            ),
            add=_add_question, add_title="加题",
        ),
    ),
)  # fmt: skip

ALL = (SESSIONS, MATERIALS)
