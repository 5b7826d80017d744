"""固定资产卡片 on paper."""

from __future__ import annotations

from decimal import Decimal

from hrp.assets.models import Asset
from hrp.assets.models.cards import Status
from hrp.assets.rules.labels import written
from hrp.assets.selectors import whole_card
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.documents import services as documents
from hrp.platform.exchange import forms, pdf
from hrp.platform.exchange.forms import FormColumn
from hrp.platform.ui import formats
from hrp.platform.ui.selectors import hospital_name


def card(asset: Asset, *, actor: User) -> bytes:
    """固定资产卡片 with its funding and its history."""
    whole = whole_card.read(asset)
    copy = forms.reprint(documents.count_paper("assets.asset", asset.pk, actor=actor))
    fields: list[tuple[str, str] | tuple[str, str, int]] = [
        ("资产名称", asset.name, 2), ("资产分类", asset.asset_class.name), ("规格型号", f"{asset.spec} {asset.model}".strip()),
        ("生产厂家", asset.manufacturer), ("出厂编号", asset.serial_number), ("取得方式", asset.get_way_display()),
        ("价值类型", asset.get_value_kind_display()), ("供应商", asset.supplier), ("合同号", asset.contract_number),
        ("验收日期", _day(asset.accepted_on)), ("入账日期", _day(asset.booked_on)), ("使用月数", str(asset.life_months or "")),
        ("使用科室", asset.org_unit.name), ("存放地点", asset.location.name if asset.location else ""),
        ("保管人", asset.keeper.display_name if asset.keeper else ""), ("状态", Status(asset.status).label),
        ("资金来源", "、".join(f"{line.source} {line.cost:,.2f}" for line in whole.lines), 2),
        ("累计折旧（元）", f"{whole.standing.accumulated:,.2f}"), ("净值（元）", f"{whole.standing.net:,.2f}"),
    ]  # fmt: skip
    lines = [
        {"date": _day(event.date), "text": event.text, "source": event.title, "actor": event.actor}
        for event in reversed(whole.events)
    ]
    data = forms.form(
        hospital=hospital_name(), title="固定资产卡片", number=asset.number or "", qr=written(asset.token), fields=fields,
        columns=(
            FormColumn("date", "日期", 24), FormColumn("text", "事项"), FormColumn("source", "单据", 44), FormColumn("actor", "经办人", 22),
        ),
        lines=lines, signatures=("资产会计", "科室资产管理员", "保管人"), total=whole.standing.cost or Decimal(0),
        printed=f"{actor} 于 {formats.datetime_text(clock.now())} 打印", copy=copy,
    )  # fmt: skip
    return pdf.render("form", data)


def _day(day: object) -> str:
    return f"{day:%Y-%m-%d}" if day else ""
