"""到货验收: the checks of a line, which of them apply to an item, and what follows from their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    NOT_APPLICABLE = "na"


@dataclass(frozen=True)
class Check:
    """One check. ``waivable`` says whether goods that fail it may be taken by concession (让步接收) at all."""

    code: str
    title: str
    waivable: bool = False
    needs: str = ""  # the trait of goods it applies to; "" applies to all


CHECKS = (
    Check("identity", "名称规格数量", waivable=True),
    Check("registration", "注册证有效且一致", needs="device"),
    Check("licence", "生产/经营资质", needs="device"),
    Check("authorisation", "授权链", waivable=True, needs="device"),
    Check("certificate", "合格证明"),
    Check("label", "中文标签说明书"),
    Check("lot", "批号", needs="lot"),
    Check("dates", "生产日期/失效日期", needs="expiry"),
    Check("sterile", "灭菌标识与灭菌效期", needs="sterile"),
    Check("package", "包装完好", waivable=True),
    Check("cold_chain", "冷链温度记录", needs="cold_chain"),
    Check("udi", "UDI 可读且与实物一致", waivable=True, needs="device"),
    Check("price", "价格与订单一致", waivable=True),
    Check("note", "随货同行单", waivable=True),
)
BY_CODE = {check.code: check for check in CHECKS}

Given = Mapping[str, Sequence[str]]
"""Result and evidence by the code of the check."""


@dataclass(frozen=True)
class Traits:
    """What of an item decides which checks apply."""

    device: bool = False
    lot: bool = False
    expiry: bool = False
    sterile: bool = False
    cold_chain: bool = False


def applying(traits: Traits) -> list[Check]:
    """The checks that must be judged for such goods."""
    return [check for check in CHECKS if not check.needs or getattr(traits, check.needs)]


def completed(given: Given, traits: Traits) -> dict[str, list[str]]:
    """The results with every check that does not apply marked so; what is unknown is dropped."""
    needed = {check.code for check in applying(traits)}
    done: dict[str, list[str]] = {}
    for check in CHECKS:
        result, evidence = (*given.get(check.code, ("", "")), "")[:2]
        if result in set(Result):
            done[check.code] = [result, evidence[:200]]
        elif check.code not in needed:
            done[check.code] = [Result.NOT_APPLICABLE, ""]
    return done


def unjudged(given: Given, traits: Traits) -> list[Check]:
    """Applying checks nobody has judged, and those called not applicable although they apply without evidence."""
    missing = []
    for check in applying(traits):
        result, evidence = (*given.get(check.code, ("", "")), "")[:2]
        if result not in set(Result) or (result == Result.NOT_APPLICABLE and not evidence.strip()):
            missing.append(check)
    return missing


def failed(given: Given) -> list[Check]:
    """The checks that were not passed, in the order of the list."""
    return [check for check in CHECKS if (given.get(check.code) or [""])[0] == Result.FAIL]


def all_passed(traits: Traits, failing: Mapping[str, str] | None = None) -> dict[str, list[str]]:
    """Every applying check passed but those named in ``failing`` with their evidence."""
    wrong = failing or {}
    return {
        check.code: [Result.FAIL, wrong[check.code]] if check.code in wrong else [Result.PASS, ""]
        for check in applying(traits)
    }


def words(given: Given) -> str:
    """The results as a record prints them: what failed with its evidence, or that all was well."""
    wrong = [
        f"{check.title}不合格{'（' + given[check.code][1] + '）' if given[check.code][1] else ''}"
        for check in failed(given)
    ]
    if wrong:
        return "；".join(wrong)
    passed = sum(1 for result in given.values() if result[0] == Result.PASS)
    return f"{passed} 项合格" if passed else "未检"
