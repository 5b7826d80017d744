"""How the hospital's label printers are."""

from __future__ import annotations

import datetime as dt

from hrp.logistics.labels.rules.zpl import Printer
from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

WIDTH, HEIGHT, DOTS, FONT = (
    "logistics.label_width", "logistics.label_height", "logistics.label_dots", "logistics.label_font",
)  # fmt: skip
SOURCE = "医院标签打印机与标签纸规格，无统一要求"

SPECS = (
    Spec(WIDTH, "标签宽度", "integer", 60, SOURCE, unit="毫米", least=40, most=110),
    Spec(HEIGHT, "标签高度", "integer", 40, SOURCE, unit="毫米", least=30, most=100),
    Spec(
        DOTS, "标签打印机每毫米点数", "choice", "8", SOURCE,
        choices=(("8", "8（203 dpi）"), ("12", "12（300 dpi）"), ("24", "24（600 dpi）")), help="只用于 ZPL",
    ),
    Spec(FONT, "标签打印机内的中文字体", "text", "E:SIMSUN.TTF", SOURCE, help="只用于 ZPL：打印机存储中的字体文件名"),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)


def printer(on: dt.date) -> Printer:
    def value(key: str) -> str:
        return str(parameters.value(key, on))

    return Printer(int(value(WIDTH)), int(value(HEIGHT)), int(value(DOTS)), value(FONT))
