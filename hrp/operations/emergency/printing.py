"""Plans and drill reports on paper."""

from __future__ import annotations

import datetime as dt

from hrp.operations.emergency.models import Drill, DrillEntry, DrillFinding, DrillParticipant, PlanVersion
from hrp.operations.emergency.rules import read_body
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.exchange import pdf
from hrp.platform.exchange.dossiers import Prose, Rows, Signature, dossier


def plan(version: PlanVersion) -> bytes:
    """One version, with its hash at the foot and a watermark while it is not in force."""
    content = read_body(version.body)
    contract = version.plan.contract
    data = dossier(
        hospital=contract.hospital.name,
        title="应急预案",
        number=str(version),
        subject=f"场景：{version.plan.get_scenario_display()}",
        foot=f"内容 SHA-256　{version.sha256}",
        watermark="" if version.is_signed else "草案 未生效",
        facts=(
            ("合同", contract.number),
            ("乙方", contract.supplier_name),
            ("拟稿", f"{version.drafted_by.display_name} {_wall(version.drafted_at)}"),
            ("修订说明", version.note),
        ),
        sections=(
            Prose("触发条件", content.trigger),
            Rows(
                "角色分工",
                ("角色", "人员", "职责"),
                (30, 40, 0),
                [(r.role, r.person, r.duty) for r in content.roles],
            ),
            Rows(
                "处置步骤",
                ("序", "步骤", "责任", "时限"),
                (10, 0, 32, 24),
                [(str(n), s.what, s.who, s.within) for n, s in enumerate(content.steps, start=1)],
            ),
            Rows(
                "联系人",
                ("姓名", "单位", "电话"),
                (40, 0, 44),
                [(c.name, c.place, c.phone) for c in content.contacts],
            ),
            Prose("恢复与回退", content.rollback),
            Prose("本院实际情况", content.specifics),
        ),
        signatures=_signatures(version),
    )
    return pdf.render("dossier", data, archival=True)


def drill_report(drill: Drill) -> bytes:
    """The report both parties sign."""
    contract = drill.version.plan.contract
    findings = DrillFinding.objects.filter(drill=drill).select_related("done")
    data = dossier(
        hospital=contract.hospital.name,
        title="应急演练报告",
        number=drill.number,
        subject=f"场景：{drill.version.plan.get_scenario_display()}　预案：{drill.version}",
        watermark="" if drill.is_signed else "未签署",
        facts=(
            ("计划日期", f"{drill.planned_on:%Y-%m-%d}"),
            ("地点", drill.place),
            ("开始", _wall(drill.began_at)),
            ("结束", _wall(drill.ended_at)),
            ("目标", drill.goal),
            ("结果", drill.get_result_display()),
        ),
        sections=(
            Prose("演练情景", drill.situation),
            Rows(
                "参加人员", ("所属方", "姓名", "担任"), (24, 50, 0),
                [(p.get_side_display(), p.name, p.duty) for p in DrillParticipant.objects.filter(drill=drill)],
            ),
            Rows(
                "经过", ("时间", "经过"), (40, 0),
                [(_wall(e.at), e.text) for e in DrillEntry.objects.filter(drill=drill)],
            ),
            Prose("总结", drill.summary),
            Rows(
                "发现与整改", ("问题与措施", "责任人", "期限", "完成"), (0, 26, 24, 46),
                [(f.what, f.owner, f"{f.due_on:%Y-%m-%d}", done_text(f)) for f in findings],
            ),
        ),
        signatures=_signatures(drill),
    )  # fmt: skip
    return pdf.render("dossier", data, archival=True)


def done_text(finding: DrillFinding) -> str:
    """When and by what a finding was put right; empty while it is open."""
    done = getattr(finding, "done", None)
    return f"{clock.local(done.done_at):%Y-%m-%d} {done.evidence}" if done else ""


def _signatures(signed: PlanVersion | Drill) -> tuple[Signature, ...]:
    def one(label: str, signer: User | None, at: dt.datetime | None) -> Signature:
        return Signature(label, signer.display_name if signer else "", _wall(at))

    return (
        one("乙方签署", signed.supplier_signer, signed.supplier_signed_at),
        one("甲方签署", signed.hospital_signer, signed.hospital_signed_at),
    )


def _wall(instant: dt.datetime | None) -> str:
    return f"{clock.local(instant):%Y-%m-%d %H:%M}" if instant else ""
