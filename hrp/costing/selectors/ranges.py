"""The four ranges (口径) of hospital cost, as filters over funds; each contains the one before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """``administration`` False leaves out 行政后勤 departments; ``hospital_only`` adds items outside medical cost."""

    code: str
    title: str
    funds: tuple[str, ...]
    administration: bool = True
    hospital_only: bool = False


BUSINESS = Range("business", "医疗业务成本", ("F1",), administration=False)
MEDICAL = Range("medical", "医疗成本", ("F1",))
MEDICAL_FULL = Range("medical_full", "医疗全成本", ("F1", "F2", "F3"))
HOSPITAL_FULL = Range("hospital_full", "医院全成本", ("F1", "F2", "F3", "F4"), hospital_only=True)

RANGES: dict[str, Range] = {r.code: r for r in (BUSINESS, MEDICAL, MEDICAL_FULL, HOSPITAL_FULL)}
