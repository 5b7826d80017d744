"""The printed form of a maintenance record: the data of its template, and the file."""

from __future__ import annotations

import datetime as dt

from hrp.operations.desk import selectors
from hrp.operations.desk.models import MaintenanceRecord
from hrp.platform.base import clock
from hrp.platform.exchange import pdf


def maintenance_record(record: MaintenanceRecord, *, body_sha256: str) -> bytes:
    """The record on paper, as PDF/A. ``body_sha256`` ties the sheet to the archived JSON."""
    ticket = record.ticket
    contract = ticket.contract_version.contract
    sections = [
        ("故障现象", record.symptom),
        ("原因分析", f"{record.get_cause_class_display()}：{record.cause}"),
        ("处理过程", record.actions),
        ("命令与语句", record.commands),
        ("变更文件及散列", record.files_changed),
        ("验证情况", record.tests),
        ("遗留风险", record.remaining_risk),
        ("建议", record.advice),
    ]
    data = {
        "title": "维护记录",
        "hospital": contract.hospital.name,
        "supplier": contract.supplier_name,
        "number": record.number,
        "facts": [
            {"label": label, "value": value or "—"}
            for label, value in (
                ("工单号", ticket.number),
                ("合同条款", record.clause),
                ("系统", ticket.module),
                ("报修科室", ticket.org_unit.name),
                ("报修人", ticket.reporter_name),
                ("级别", f"{ticket.level}级"),
                ("报修时间", _wall(record.requested_at)),
                ("到场时间", _wall(record.arrived_at)),
                ("完成时间", _wall(record.ended_at)),
                ("维护工程师", record.engineer.display_name),
                ("维护方式", record.get_mode_display()),
                ("数据调整单号", record.data_adjustment_no),
                ("维护前版本", record.version_before),
                ("维护后版本", record.version_after),
            )
        ],
        "subject": ticket.title,
        "sections": [{"title": title, "text": text} for title, text in sections if text],
        "clocks": [
            [
                row.get_kind_display(),
                f"{row.level}级" if row.level else "—",
                _wall(row.start),
                _wall(row.due),
                _wall(row.stop) or "—",
                row.get_verdict_display(),
            ]
            for row in selectors.clocks(ticket)
            if row.cycle == record.cycle
        ],
        "engineer": record.engineer.display_name,
        "written_at": _wall(record.written_at),
        "signer": record.signer.display_name if record.signer else "",
        "signed_at": _wall(record.signed_at),
        "opinion": record.opinion,
        "sha256": body_sha256,
    }
    return pdf.render("maintenance_record", data, archival=True)


def _wall(instant: dt.datetime | None) -> str:
    return f"{clock.local(instant):%Y-%m-%d %H:%M:%S}" if instant else ""
