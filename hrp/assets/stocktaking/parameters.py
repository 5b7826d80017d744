"""What a hospital may set about stocktaking."""

from __future__ import annotations

from decimal import Decimal

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

PHOTO_LIMIT = "assets.stocktake_photo_limit"
GAIN_ACCOUNT = "assets.stocktake_gain_account"
LABEL_SIZE = "assets.label_size"

SPECS = (
    Spec(PHOTO_LIMIT, "盘点须拍照的单台价值", "decimal", Decimal(100000), "医院内部控制制度，常用做法", unit="元", least=0),
    Spec(
        GAIN_ACCOUNT, "盘盈资产经批准转入的科目", "choice", "3501", "《政府会计制度》1902 待处理财产损溢：属于以前年度取得的，按前期差错处理",
        choices=(("3501", "以前年度盈余调整"), ("4609", "其他收入")),
    ),
    Spec(LABEL_SIZE, "资产标签宽、高", "integers", (50, 30), "医院所用标签纸", unit="毫米", least=20, most=120),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)
