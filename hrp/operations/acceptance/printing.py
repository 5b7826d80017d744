"""A report on paper: PDF/A by typst, and Word for those who must edit a copy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hrp.operations.acceptance.rules.tables import VERDICTS
from hrp.platform.base import clock
from hrp.platform.exchange import pdf as typst

CLOCK_VERDICTS = {
    "met": "达成",
    "breached": "超时",
    "running": "计时中",
    "superseded": "已被取代",
    "moot": "已无需",
}
SIGNATURES = ("甲方（盖章）", "乙方（盖章）")


def pdf(body: Mapping[str, Any], sha256: str) -> bytes:
    """The report as PDF/A. The hash of its data stands in every footer."""
    data = {
        "title": body["title"],
        "hospital": body["contract"]["hospital"],
        "number": body["number"],
        "sha256": sha256,
        "facts": facts(body),
        "tally": [[name, str(body["tally"][name])] for name in VERDICTS],
        "checks": [_check(row) for row in body["checks"]],
        "sla": sla(body),
        "kpi": body["kpi"],
        "graves": [_grave(row, body) for row in body["graves"]],
        "corrections": [[row["report"], row["code"], row["was"], row["now"]] for row in body["corrections"]],
        "head": f"第 {body['audit_head']['seq']} 块 {body['audit_head']['hash']}",
        "signatures": list(SIGNATURES),
    }
    return typst.render("service_report", data, archival=True)


def docx(body: Mapping[str, Any], sha256: str) -> bytes:
    """The clause table as a Word document; the figures of the clocks stand before it."""
    from hrp.platform.exchange import word  # brings python-docx and Jinja along: when a report is made

    paragraphs = [f"{label}：{value}" for label, value in facts(body)]
    paragraphs += [
        f"条款结论：{'，'.join(f'{name} {count} 项' for name, count in ((name, body['tally'][name]) for name in VERDICTS))}。"
    ]
    paragraphs += [
        f"{row[0]} {row[1]}：达成 {row[3]}，超时 {row[4]}（免责 {row[5]}），达成率 {row[9]}。"
        for row in sla(body)
    ]
    paragraphs += [f"{name}：{words}。" for name, words in body["kpi"]]
    paragraphs += [
        f"更正：{row['report']} {row['code']} 原为「{row['was']}」，现为「{row['now']}」。"
        for row in body["corrections"]
    ]
    paragraphs += [f"数据 SHA-256：{sha256}"]
    return word.table_report(
        title=body["title"],
        hospital=body["contract"]["hospital"],
        period=f"{body['first_day']} 至 {body['last_day']}",
        paragraphs=paragraphs,
        columns=[
            ("检查", "center"),
            ("条款", "left"),
            ("要求", "left"),
            ("结论", "center"),
            ("数据与例外", "left"),
        ],
        rows=[
            [
                row["code"],
                row["clause"],
                row["title"],
                row["verdict"],
                "；".join([*_figure(row), *_remarks(row)]),
            ]
            for row in body["checks"]
        ],
        signatures=SIGNATURES,
        landscape=True,
    )


def facts(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the cover says."""
    contract = body["contract"]
    years = "；".join(
        f"{year['number']}（{year['starts_on']} 至 {year['ends_on']}{'' if year['signed_on'] else '，未签'}）"
        for year in contract["years"]
    )
    return [
        ("报告编号", body["number"]),
        ("报告期间", f"{body['first_day']} 至 {body['last_day']}"),
        ("数据截至", wall(body["as_of"])),
        ("合同", f"{contract['number']} {contract['name']}，第 {contract['version']} 版"),
        ("甲方", contract["hospital"]),
        ("乙方", contract["supplier"]),
        ("年度合同", years),
        ("系统", "、".join(contract["modules"])),
        ("工单", f"受理 {body['tickets']} 张，其中已关闭 {body['closed']} 张"),
        ("生成人", body["made_by"]),
    ]


def sla(body: Mapping[str, Any]) -> list[list[str]]:
    """The clock table: level, kind, then the figures."""
    return [
        [
            body["levels"].get(row["level"], row["level"] or "—"),
            body["kinds"].get(row["kind"], row["kind"]),
            str(sum(row[name] for name in ("met", "breached", "moot", "superseded", "running"))),
            *(str(row[name]) for name in ("met", "breached", "excused", "moot", "superseded", "running")),
            row["rate"],
        ]
        for row in body["sla"]
    ]


def _figure(row: Mapping[str, Any]) -> list[str]:
    return [row["figure"]] if row["figure"] else []


def _remarks(row: Mapping[str, Any]) -> list[str]:
    return [*row["exceptions"], *(f"缺：{one}" for one in row["missing"])]


def _check(row: Mapping[str, Any]) -> dict[str, Any]:
    evidence = [f"{e['title']}{' ' + e['sha256'][:16] if e['sha256'] else ''}" for e in row["evidence"]]
    return {
        "code": row["code"],
        "clause": row["clause"],
        "title": row["title"],
        "verdict": row["verdict"],
        "figure": row["figure"],
        "remarks": _remarks(row),
        "evidence": evidence[:12] + ([f"……共 {len(evidence)} 项，见证据包"] if len(evidence) > 12 else []),
    }


def _grave(row: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": row["number"],
        "level": body["levels"].get(row["level"], row["level"]),
        "title": row["title"],
        "where": f"{row['org_unit']} · {row['module']} · 首次联系 {wall(row['first_contact_at'])}",
        "state": row["state"],
        "clocks": [
            [
                body["kinds"].get(one["kind"], one["kind"]),
                wall(one["due"]),
                wall(one["stop"]) or "—",
                CLOCK_VERDICTS[one["verdict"]] + ("（免责）" if one["excused"] else ""),
            ]
            for one in row["clocks"]
        ],
        "timeline": [[wall(one["at"]), one["what"], one["who"]] for one in row["timeline"]],
    }


def wall(iso: str | None) -> str:
    """An instant of the body on the hospital's wall clock."""
    return f"{clock.local(dt.datetime.fromisoformat(iso)):%Y-%m-%d %H:%M:%S}" if iso else ""
