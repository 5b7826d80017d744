"""National codes of medical materials, taken apart: 医保 consumables code, registration and filing certificates.

Formats: 国家医保局 医保医用耗材分类与代码 (C + 6 + 3 + 5 + 5, some platforms add 7); 《医疗器械注册与备案管理办法》
×1械注×2××××3×4××5××××6 (cases COD-01 to COD-05).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hrp.platform.base.refusals import Invalid

INSURANCE = re.compile(r"(C)(\d{6})(\d{3})(\d{5})(\d{5})(\d{7})?", re.ASCII)
PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵黔云滇藏陕甘青宁新"
REGISTRATION = re.compile(rf"([国{PROVINCES}])械注([准进许])(\d{{4}})([123])(\d{{2}})(\d{{4}})", re.ASCII)
FILING = re.compile(r"([\u4e00-\u9fff]{1,4})械备(\d{4})(\d{4})号?", re.ASCII)
NATIONAL = "国"


@dataclass(frozen=True)
class InsuranceCode:
    """Parts of a 医保 consumables code; ``spec7`` is empty in the 20-character form."""

    flag: str
    category6: str
    generic3: str
    feature5: str
    manufacturer5: str
    spec7: str


@dataclass(frozen=True)
class Registration:
    """Parts of a registration certificate number (注册证编号)."""

    issuer: str
    kind: str
    year: str
    risk_class: str
    class_code: str
    serial: str


@dataclass(frozen=True)
class Filing:
    """Parts of a filing certificate number (备案凭证编号), for devices of class Ⅰ."""

    issuer: str
    year: str
    serial: str


@dataclass(frozen=True)
class CodeWarning:
    """Something that does not fit together; it warns and does not refuse."""

    code: str
    words: str


def insurance_code(code: str) -> InsuranceCode:
    """Take a 20- or 27-character code apart; refuses (``bad_insurance_code``)."""
    found = INSURANCE.fullmatch(code.strip())
    if found is None:
        raise Invalid(
            f"“{code}”不是医保医用耗材编码",
            code="bad_insurance_code",
            way_out="应为字母 C 加 19 位数字（有的平台另加 7 位规格流水号）。",
        )
    return InsuranceCode(*(part or "" for part in found.groups()))


def registration(number: str) -> Registration:
    """Take a registration number apart; refuses (``bad_certificate``)."""
    found = REGISTRATION.fullmatch(number.strip())
    if found is None:
        raise Invalid(
            f"“{number}”不是医疗器械注册证编号",
            code="bad_certificate",
            way_out="应形如“国械注准20163771020”：注册部门简称、械注、准/进/许、年份、类别、分类编码与流水号。",
        )
    return Registration(*found.groups())


def filing(number: str) -> Filing:
    """Take a filing number apart; refuses (``bad_certificate``)."""
    found = FILING.fullmatch(number.strip())
    if found is None:
        raise Invalid(
            f"“{number}”不是医疗器械备案凭证编号",
            code="bad_certificate",
            way_out="应形如“沪械备20190012号”：备案部门简称、械备、年份与流水号。",
        )
    return Filing(*found.groups())


def certificate(number: str) -> Registration | Filing:
    """A registration or a filing, whichever the number is; refuses (``bad_certificate``)."""
    return filing(number) if FILING.fullmatch(number.strip()) else registration(number)


def check_class(
    found: Registration | Filing, *, device_class: str, catalogue_codes: tuple[str, ...] = ()
) -> list[CodeWarning]:
    """What in a certificate number does not fit the item.

    :param device_class: the item's class, "1", "2" or "3"
    :param catalogue_codes: the item's classification codes, 2002 (``6877``) or 2017 (``03``); empty: not checked
    """
    risk_class = "1" if isinstance(found, Filing) else found.risk_class
    warnings: list[CodeWarning] = []
    if device_class != risk_class:
        words = f"证号表明是第 {risk_class} 类器械，物资登记为第 {device_class} 类"
        warnings.append(CodeWarning("class_differs", words))
    if isinstance(found, Filing):
        return warnings
    if found.issuer != NATIONAL and (found.risk_class == "3" or found.kind != "准"):
        words = "第三类与进口（含港澳台）器械由国家药监局注册，证号却是地方简称"
        warnings.append(CodeWarning("issuer_unexpected", words))
    if catalogue_codes and found.class_code not in {code[-2:] for code in catalogue_codes}:
        words = f"证号的分类编码 {found.class_code} 与物资的分类 {'、'.join(catalogue_codes)} 不符"
        warnings.append(CodeWarning("catalogue_differs", words))
    return warnings
