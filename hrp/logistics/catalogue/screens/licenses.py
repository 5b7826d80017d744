"""资质证照, 授权书 and 关口放行; what stands against a document, as a panel for its page."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO, cast

from django.db import transaction
from django.db.models import Q, QuerySet

from hrp.logistics.catalogue import parameters
from hrp.logistics.catalogue.models import Authorisation, License, LicenseFile, Override
from hrp.logistics.catalogue.screens.items import paper_state
from hrp.logistics.catalogue.services import gatekeeping, licenses
from hrp.logistics.gates import Moment
from hrp.platform.access.models import User
from hrp.platform.base import clock, files
from hrp.platform.base.refusals import Invalid
from hrp.platform.documents.services import lines_of
from hrp.platform.org import parameters as business
from hrp.platform.ui import screens
from hrp.platform.ui.screens import Action, Column, Field, Filter, Panel, RegisterScreen

PERMISSIONS = {
    "logistics.license.view": "查看资质证照",
    "logistics.license.edit": "维护资质证照与授权书，接收到期提醒",
    "logistics.license.import": "导入资质证照",
    "logistics.license.export": "导出资质证照",
    "logistics.override.view": "查看关口放行",
    "logistics.override.edit": "申请关口放行",
    "logistics.override.export": "导出关口放行",
    "logistics.override.head": "签署关口放行（科长）",
    "logistics.override.quality": "签署关口放行（质控）",
}
LEVEL_TITLES = dict(parameters.LEVELS)


def _until(days: int) -> dt.date:
    return clock.today() + dt.timedelta(days=days)


def _ending(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    """Papers by what is left of them."""
    today = clock.today()
    if value == "past":
        return rows.filter(valid_to__lt=today, is_active=True)
    if value == "valid":
        return rows.filter(Q(valid_to=None) | Q(valid_to__gte=today), is_active=True)
    if value == "soon":
        nearest = max(business.value(parameters.ALERT_DAYS, today), default=0)
        return rows.filter(valid_to__gte=today, valid_to__lte=_until(nearest), is_active=True)
    return rows


ENDING = Filter(
    "ending", title="到期", kind="choice", choices=(("soon", "即将到期"), ("past", "已过期"), ("valid", "有效")), apply=_ending
)  # fmt: skip


def _attach(*, actor: User, obj: License, values: dict[str, Any]) -> str:
    given = values.get("file")
    if given is None:
        raise Invalid("没有选择文件。", way_out="请选择证照的扫描件（PDF 或图片）。")
    stored = files.store_upload(
        cast(BinaryIO, given), name=given.name or "", allowed=("pdf", "png", "jpg"), folder="licenses"
    )
    try:
        with transaction.atomic():
            licenses.attach(actor=actor, license=obj, stored=stored)
    except BaseException:
        files.remove(stored.path)
        raise
    return f"已上传 {stored.name}"


LICENSES = RegisterScreen(
    key="logistics.license",
    model=License,
    title="资质证照",
    icon="certificate",
    url="logistics/licenses",
    menu=("logistics", "基础资料"),
    order=60,
    queryset=lambda actor: License.objects.select_related("supplier"),
    ordering=("valid_to", "kind"),
    columns=(
        Column("kind", fixed=True, card="meta"), Column("number", card="title"),
        Column("owner", title="持有人", value=lambda paper: paper.owner, card="line"),
        "issuer", Column("valid_from", sort=True), Column("valid_to", sort=True, card="meta"),
        Column("state", title="状态", value=paper_state, card="tag"),
    ),
    filters=(
        Filter("q", title="证照", kind="text", lookups=("number__icontains", "supplier__name__icontains", "supplier__pinyin__icontains", "manufacturer__icontains"), placeholder="证号 / 供应商 / 生产企业"),
        Filter("kind", kind="choice"), ENDING,
    ),
    fields=(
        Field("kind"), Field("number", span=2),
        Field("supplier", help="供应商的证照填这里"), Field("manufacturer", span=2, help="生产企业或注册人的证照（含产品注册证）填这里"),
        Field("issuer"), Field("valid_from"), Field("valid_to"),
        Field("scope_codes", help="用顿号隔开，例如 6815、6866、14"), Field("scope_text", kind="textarea", span=2),
        Field("renewing"), Field("renewal_number", help="延续受理中的，到期后仍可使用"), Field("is_active"),
    ),
    panels=(
        Panel(
            "files", "扫描件", lambda paper, actor: LicenseFile.objects.filter(license=paper).select_related("uploaded_by"),
            (Column("name", link=lambda row: f"/logistics/licenses/files/{row.pk}"), "size", "uploaded_by", "uploaded_at"), model=LicenseFile, empty="还没有上传原件",
        ),
    ),
    actions=(Action("attach", "上传扫描件", _attach, permission="logistics.license.edit", icon="paperclip", fields=(Field("file", title="PDF 或图片", kind="file", required=True),)),),
    search=("number__icontains",),
    exact=("number",),
)  # fmt: skip

AUTHORISATIONS = RegisterScreen(
    key="logistics.authorisation",
    model=Authorisation,
    title="授权书",
    icon="link",
    url="logistics/authorisations",
    menu=("logistics", "基础资料"),
    order=70,
    permission="logistics.license",
    queryset=lambda actor: Authorisation.objects.select_related("grantor", "grantee"),
    ordering=("manufacturer", "valid_to"),
    columns=(
        Column("manufacturer", fixed=True, card="title"),
        Column("grantor", title="授权方", value=lambda row: row.grantor or row.manufacturer, card="line"),
        Column("grantee", card="line"), "number", "valid_from", Column("valid_to", sort=True, card="meta"),
        Column("state", title="状态", value=paper_state, card="tag"),
    ),
    filters=(
        Filter("q", title="生产企业", kind="text", lookups=("manufacturer__icontains",)),
        Filter("grantee", title="被授权方", kind="register", register="logistics.supplier"), ENDING,
    ),
    fields=(Field("manufacturer", span=2), Field("number"), Field("grantor"), Field("grantee"), Field("scope_text", span=3), Field("valid_from"), Field("valid_to"), Field("is_active")),
    search=("manufacturer__icontains",),
    exact=(),
)  # fmt: skip


def _ask(*, actor: User, pk: int | None, values: dict[str, Any]) -> Override:
    return licenses.ask_override(
        actor=actor, check=values["check_code"], supplier=values.get("supplier"), item=values.get("item"),
        reason=values["reason"], valid_from=dt.date.fromisoformat(values["valid_from"]),
        valid_to=dt.date.fromisoformat(values["valid_to"]),
    )  # fmt: skip


def _sign(seat: str) -> Any:
    def run(*, actor: User, obj: Override, values: dict[str, Any]) -> str:
        row = licenses.sign_override(actor=actor, override=obj, seat=seat)
        return "已签署，两人签齐后放行" if None in (row.head_by_id, row.quality_by_id) else "已签齐，放行生效"

    return run


def _revoke(*, actor: User, obj: Override, values: dict[str, Any]) -> str:
    licenses.revoke_override(actor=actor, override=obj)
    return "已撤销"


def override_state(row: Override) -> str:
    if row.revoked_at is not None:
        return "已撤销"
    if row.head_by_id is None or row.quality_by_id is None:
        waiting = [
            title for title, by in (("科长", row.head_by_id), ("质控", row.quality_by_id)) if by is None
        ]
        return f"待{'、'.join(waiting)}签署"
    return "已失效" if row.valid_to < clock.today() else "放行中"


OVERRIDES = RegisterScreen(
    key="logistics.override",
    model=Override,
    title="关口放行",
    icon="lock-open",
    url="logistics/overrides",
    menu=("logistics", "基础资料"),
    order=80,
    save=_ask,
    closed=lambda row: True,
    queryset=lambda actor: Override.objects.select_related("supplier", "item", "asked_by", "head_by", "quality_by"),
    ordering=("-id",),
    columns=(
        Column("check_code", fixed=True, card="meta"), Column("subject", title="对象", value=lambda row: row.item or row.supplier, card="title"),
        Column("reason", card="line"), "valid_from", "valid_to", "asked_by", "head_by", "quality_by",
        Column("state", title="状态", value=override_state, card="tag"),
    ),
    filters=(Filter("check_code", kind="choice"), Filter("supplier", kind="register", register="logistics.supplier"), Filter("item", kind="register", register="logistics.item")),
    fields=(
        Field("check_code"), Field("supplier"), Field("item"), Field("reason", span=3),
        Field("valid_from", default=lambda actor: clock.today()), Field("valid_to", help="只放行到这一天，单据按业务日期计"),
    ),
    actions=(
        Action("head", "科长同意", _sign("head"), permission="logistics.override.head", icon="signature", style="primary", confirm="签署后记入审计日志。", shown=lambda row: row.head_by_id is None and row.revoked_at is None),
        Action("quality", "质控同意", _sign("quality"), permission="logistics.override.quality", icon="signature", style="primary", confirm="签署后记入审计日志。", shown=lambda row: row.quality_by_id is None and row.revoked_at is None),
        Action("revoke", "撤销", _revoke, permission="logistics.override.head", icon="lock", style="danger", confirm="撤销后立即恢复拦截。", shown=lambda row: row.revoked_at is None),
    ),
    search=(),
    exact=(),
)  # fmt: skip


def findings_panel(moment: Moment) -> Panel:
    """What stands against a document at its business date; rooms above put it on the pages of theirs."""

    def rows(document: Any, actor: Any) -> list[gatekeeping.Finding]:
        return gatekeeping.findings(moment, document, lines_of(document), document.business_date)

    return Panel(
        "gates", "资质、价格与目录", rows,
        (
            Column("line", title="行", value=lambda one: one.line.place + 1 if one.line else ""),
            Column("check", title="事项", value=lambda one: parameters.CHECKS[one.check]),
            Column("level", title="处理", value=lambda one: LEVEL_TITLES[one.level]),
            Column("words", title="说明", value=lambda one: one.words),
            Column("way_out", title="怎么办", value=lambda one: one.way_out),
        ),
        empty="没有发现问题",
    )  # fmt: skip


def _supplier_papers(supplier: Any, actor: Any) -> Any:
    return License.objects.filter(supplier=supplier).order_by("kind", "-valid_to")


def _supplier_grants(supplier: Any, actor: Any) -> Any:
    return Authorisation.objects.filter(grantee=supplier).select_related("grantor").order_by("manufacturer")


def extend_others() -> None:
    """Papers on the page of a supplier; what stands against a receipt on its page."""
    screens.extend(
        "logistics.supplier",
        panels=(
            Panel("papers", "资质证照", _supplier_papers, ("kind", Column("number", link=lambda row: f"/logistics/licenses/{row.pk}"), "valid_from", "valid_to", Column("state", title="状态", value=paper_state)), model=License, empty="没有登记证照"),
            Panel("grants", "取得的授权", _supplier_grants, ("manufacturer", Column("grantor", title="授权方", value=lambda row: row.grantor or row.manufacturer), "number", "valid_from", "valid_to", Column("state", title="状态", value=paper_state)), model=Authorisation, empty="没有登记授权"),
        ),
    )  # fmt: skip
    screens.extend("logistics.stock_receipt", panels=(findings_panel(Moment.RECEIPT),))


ALL = (LICENSES, AUTHORISATIONS, OVERRIDES)
