"""What is credited when an asset is booked, by the way it came (政府会计制度, account 1601)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ACCUMULATED_SURPLUS = "3001"
CREDIT: Mapping[str, str] = MappingProxyType(
    {
        "purchase": "2302",  # 应付账款
        "built": "1613",  # 在建工程
        "donated": "4603",  # 捐赠收入
        "transferred": "3401",  # 无偿调拨净资产
        "exchanged": "2302",
        "found": "1902",  # 待处理财产损溢
        "leased": "2502",  # 长期应付款
        "opening": ACCUMULATED_SURPLUS,
    }
)
FROM_STORE = "1613"  # what came through a store was payable when it was received, and left the store to here
ESTIMATED = "2302.02"  # 应付账款-暂估
