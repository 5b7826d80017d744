"""盘亏盘盈处理单: list, page and entry grid."""

from __future__ import annotations

from hrp.platform.ui.screens import Column, DocumentScreen, Field, Filter, LineField

DECISIONS = DocumentScreen(
    kind="assets.loss_decision",
    icon="gavel",
    menu=("assets", "盘点"),
    order=50,
    columns=(
        Column("number", fixed=True, card="title"), Column("business_date", sort=True, card="meta"), Column("org_unit", title="承担科室", card="line"),
        Column("basis"), Column("total", total=True, sort=True, card="amount"), Column("state", card="tag"), Column("maker", card="meta"),
    ),
    filters=(
        Filter("number", kind="text", lookups=("number__icontains",), placeholder="单号"), Filter("business_date", kind="date_range"),
    ),
    fields=(
        Field("org_unit", title="承担科室"), Field("business_date", title="处理日期"), "campus", "approval_number", Field("basis", span=2),
        Field("note", span=3),
    ),
    lines=(
        LineField("pending", lookup="assets.pending_loss", width=320, fills={"amount": "amount"}), LineField("amount", width=120, total=True),
        LineField("compensation", width=120, total=True), LineField("payer", width=120),
    ),
    lines_title="处理明细",
    quantity="",
    signatures=("制单", "资产会计", "财务负责人", "批准"),
)  # fmt: skip

ALL = (DECISIONS,)
