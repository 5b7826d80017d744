"""What a hospital may set of purchasing, with where the default comes from."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

from hrp.logistics.models import Item
from hrp.logistics.purchasing.rules.checklist import Traits
from hrp.logistics.purchasing.rules.sampling import Sampling
from hrp.logistics.purchasing.rules.scoring import Weights
from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

LEAST_LIFE = "logistics.receipt.least_life"
INSPECT = "logistics.receipt.inspection"
TWO_SIGN = "logistics.inspection.two_signatures"
SAMPLING = "logistics.inspection.sampling"
USE_DAYS = "logistics.replenishment.use_days"
GRADES = "logistics.supplier_score.limits"
WEIGHTS = "logistics.supplier_score.weights"
DEDUCTIONS = "logistics.supplier_score.deductions"

PRACTICE = "行业惯例，待核"
_STRICT = "Ⅲ类、植入、冷链"

SPECS = (
    Spec(
        LEAST_LIFE, "入库剩余效期不少于", "choice", "2/3", f"{PRACTICE}：到货剩余效期不少于三分之二",
        choices=(("0", "不限制"), ("1/3", "三分之一"), ("1/2", "二分之一"), ("2/3", "三分之二"), ("3/4", "四分之三")),
        help="不足的须由有特批权限的人员放行；生产日期不明的无法判断，不拦",
    ),
    Spec(
        INSPECT, "订单到货须先验收", "choice", "strict", "医疗器械使用质量监督管理办法：进货查验记录",
        choices=(("none", "不要求"), ("strict", _STRICT), ("all", "全部物资")),
    ),
    Spec(
        TWO_SIGN, "须两人签字的验收", "choice", "strict", f"{PRACTICE}：{_STRICT}双人验收",
        choices=(("none", "不要求"), ("strict", _STRICT), ("all", "全部物资")),
    ),
    Spec(
        SAMPLING, "抽检规则", "choice", Sampling.LEVEL_TWO, "GB/T 2828.1 一般检验水平Ⅱ正常一次抽样，待核；Ⅲ类与植入一律全检",
        choices=((Sampling.ALL, "全检"), (Sampling.LEVEL_TWO, "GB/T 2828.1 水平Ⅱ"), (Sampling.TENTH, "一成")),
    ),
    Spec(
        USE_DAYS, "日均消耗取近", "integer", 90, PRACTICE, unit="天", least=14, most=730,
        help="再订货点与定期订货按这段时间的日均与波动计算",
    ),
    Spec(
        GRADES, "供应商评级分数线", "integers", (90, 80, 60), PRACTICE, least=0, most=100,
        help="依次为 A、B、C 的最低分，不足者为 D",
    ),
    Spec(
        WEIGHTS, "供应商评分权重", "integers", (30, 30, 30, 10), PRACTICE, least=0, most=100,
        help="依次为准时、到货率、质量、价格",
    ),
    Spec(
        DEDUCTIONS, "供应商评分扣分", "integers", (5, 10), PRACTICE, least=0, most=100,
        help="依次为资质每中断一次、召回每起；从得分中扣",
    ),
)  # fmt: skip


def least_life(on: dt.date) -> Fraction:
    """The share of its whole life goods must have left when they come in."""
    return Fraction(parameters.value(LEAST_LIFE, on))


def is_strict(item: Item) -> bool:
    """Goods that are looked at twice: class Ⅲ, implants, cold chain."""
    return item.device_class == Item.DeviceClass.THREE or item.implant or item.cold_chain


def _asked(key: str, item: Item, on: dt.date) -> bool:
    rule = parameters.value(key, on)
    return rule == "all" or (rule == "strict" and is_strict(item))


def needs_inspection(item: Item, on: dt.date) -> bool:
    """Whether goods ordered may only be received after an inspection."""
    return _asked(INSPECT, item, on)


def needs_two(item: Item, on: dt.date) -> bool:
    """Whether two people sign the inspection."""
    return _asked(TWO_SIGN, item, on)


def sampling(on: dt.date) -> Sampling:
    return Sampling(parameters.value(SAMPLING, on))


def use_days(on: dt.date) -> int:
    return int(parameters.value(USE_DAYS, on))


def grades(on: dt.date) -> tuple[int, ...]:
    found = tuple(parameters.value(GRADES, on))
    return found if len(found) == 3 else (90, 80, 60)


def weights(on: dt.date) -> Weights:
    found = tuple(map(Decimal, parameters.value(WEIGHTS, on)))
    lost = tuple(map(Decimal, parameters.value(DEDUCTIONS, on)))
    points = dict(zip(("on_time", "fill", "quality", "price"), found, strict=True)) if len(found) == 4 else {}
    taken = dict(zip(("per_lapse", "per_recall"), lost, strict=True)) if len(lost) == 2 else {}
    return Weights(**points, **taken)


def traits_of(item: Item) -> Traits:
    """What of an item decides which checks apply."""
    return Traits(
        device=bool(item.device_class),
        lot=item.lot_required,
        expiry=item.expiry_required,
        sterile=item.sterile,
        cold_chain=item.cold_chain,
    )
