"""The menu entries of pages that are not declared screens."""

from __future__ import annotations

from hrp.costing.selectors import runs, tables
from hrp.costing.services import intake
from hrp.platform.ui import menu


def register_all() -> None:
    for place, definition in enumerate(tables.DEFINITIONS.values(), start=1):
        menu.add(
            "costing", "成本报表",
            menu.Item(
                definition.title, icon="report-analytics", url_name="costing.report", permission=runs.VIEW,
                order=place * 10, kwargs=(("number", definition.number),),
            ),
        )  # fmt: skip
    menu.add(
        "costing", "成本归集",
        menu.Item("成本数据导入", icon="file-import", url_name="costing.intake", permission=intake.PERMISSION, order=90),
    )  # fmt: skip
