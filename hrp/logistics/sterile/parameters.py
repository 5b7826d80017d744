"""What hospitals set differently in sterile supply."""

from __future__ import annotations

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

ALL = (
    Spec("sterile.wash_record_months", "清洗消毒记录保存期", "integer", 6, "WS 310.3-2016（待核对）", unit="月", least=1),
    Spec("sterile.sterilise_record_months", "灭菌记录保存期", "integer", 36, "WS 310.3-2016（待核对）", unit="月", least=1),
    Spec("sterile.warn_days", "无菌包近效期提示", "integer", 3, "院内约定（待核对）", unit="天", least=0),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*ALL)
