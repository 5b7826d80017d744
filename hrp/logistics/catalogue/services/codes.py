"""Codes of an item: refused when they are no such code at all, doubted when they do not fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hrp.logistics.models import Item
from hrp.logistics.rules import codes
from hrp.platform.base.refusals import Invalid, Problem


def check(values: Mapping[str, Any], before: Item | None) -> None:
    """Refuse codes of a wrong form. What was stored already may stay as it is until somebody changes it."""
    problems = []
    for name, reader in (
        ("insurance_code", codes.insurance_code),
        ("registration_number", codes.certificate),
    ):
        given = str(values.get(name) or "").strip()
        if not given or (before is not None and getattr(before, name) == given):
            continue
        try:
            reader(given)
        except Invalid as refused:
            problems.append(
                Problem(f"{refused.reason}。{refused.way_out}", field=name, way_out=refused.way_out)
            )
    if problems:
        raise Invalid(
            f"物资有 {len(problems)} 处编码不对", problems=problems, way_out="请按标红处核对证件原件后修改。"
        )


def doubts(item: Item) -> list[str]:
    """What in the codes of an item does not fit together, in words."""
    found: list[str] = []
    if item.insurance_code:
        try:
            codes.insurance_code(item.insurance_code)
        except Invalid as refused:
            found.append(refused.reason)
    if not item.registration_number:
        if item.device_class:
            found.append(f"{item.get_device_class_display()}医疗器械没有登记注册证号或备案号")
        return found
    try:
        certificate = codes.certificate(item.registration_number)
    except Invalid as refused:
        return [*found, refused.reason]
    if not item.device_class:
        return [*found, "有注册证号，却登记为非医疗器械"]
    catalogues = tuple(code for code in (item.category_2002, item.category_2017[:2]) if code)
    warnings = codes.check_class(certificate, device_class=item.device_class, catalogue_codes=catalogues)
    return [*found, *(warning.words for warning in warnings)]
