"""The stages of an acceptance, its defects and how they end."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from hrp.assets.acquisition.documents import stages
from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance
from hrp.assets.acquisition.documents.stages import AcceptanceStep, Defect, DefectEnd, Stage
from hrp.assets.acquisition.documents.submissions import submission_of
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.documents.models import State

KIND = "assets.acquisition_acceptance"
WORK, TECHNICAL, CLINICAL = f"{KIND}.work", f"{KIND}.technical", f"{KIND}.clinical"
CODES: Mapping[str, str] = {
    Stage.ARRIVAL: WORK, Stage.OPENING: WORK, Stage.INSTALLATION: WORK, Stage.TRIAL: WORK, Stage.TECHNICAL: TECHNICAL,
    Stage.CLINICAL: CLINICAL,
}  # fmt: skip
OPEN = (State.SUBMITTED, State.APPROVED)


def _open(acceptance: AcquisitionAcceptance, code: str, actor: User) -> AcquisitionAcceptance:
    scope.check_object(actor, code, acceptance)
    fresh = documents.lock(acceptance)
    if fresh.state not in OPEN:
        raise Conflict(
            f"{fresh} {fresh.get_state_display()}，不能登记验收环节",
            code="wrong_state",
            way_out="提交后、终验（过账）前办理。",
        )
    return fresh


@transaction.atomic
def pass_stage(
    acceptance: AcquisitionAcceptance,
    stage: Stage,
    *,
    actor: User,
    checks: Mapping[str, bool],
    text: str = "",
) -> AcceptanceStep:
    """Sign a stage whose turn it is. What is not ticked becomes a defect by itself."""
    fresh = _open(acceptance, CODES[stage], actor)
    given = stages.passed(fresh)
    if stage in given:
        raise Conflict(f"{stage.label}已由 {given[stage].by} 签字", code="signed", way_out="请刷新页面。")
    due = stages.next_stage(given)
    if due != stage:
        raise Conflict(
            f"{due.label if due else '终验'}尚未完成", code="out_of_turn", way_out="请按到货、开箱、安装调试、试运行、技术验收、临床验收的次序办理。"
        )  # fmt: skip
    if stage == Stage.OPENING and not stages.has_photo(fresh):
        raise Conflict("还没有开箱照片", code="no_photo", way_out="请在附件中上传开箱与铭牌照片后再登记。")
    _require_another(fresh, stage, given, actor)
    points = [code for code, _ in stages.CHECKLISTS[stage]]
    failed = [code for code in points if not checks.get(code)]
    if failed and not text.strip():
        words = "；".join(stages.TITLES[code] for code in failed)
        raise Invalid(
            f"{len(failed)} 项不符合：{words}", problems=[Problem("有不符合项，请填写说明", field="text")], way_out="请勾选符合的项目，其余写明情况。"
        )  # fmt: skip
    try:
        with transaction.atomic():
            made = AcceptanceStep.objects.create(
                acceptance=fresh, submission=submission_of(fresh), stage=stage, checks={code: code not in failed for code in points},
                text=text.strip()[:300], by=actor, at=clock.now(),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(f"{stage.label}已签字", code="signed", way_out="请刷新页面。") from None
    for code in failed:
        _defect(fresh, stage, f"{stages.TITLES[code]}：不符合。{text.strip()}", actor)
    documents.log(fresh, stage.value, actor=actor, summary=f"{stage.label} {fresh} 不符合 {len(failed)} 项")
    return made


def _require_another(
    acceptance: AcquisitionAcceptance, stage: Stage, given: Mapping[str, AcceptanceStep], actor: User
) -> None:
    """Three signatures are three people, and who bought the machine does not sign for it."""
    if stage not in stages.SIGNED:
        return
    for other in stages.SIGNED:
        if other in given and given[other].by_id == actor.pk:
            raise Forbidden(
                f"您已在{other.label}签字，{stage.label}须由另一人签字", code="signed_before", way_out="三个签字须由三个不同的人完成。"
            )  # fmt: skip
    if acceptance.contract.maker_id == actor.pk:
        raise Forbidden(
            f"合同 {acceptance.contract.contract_number} 由您经办，不能由您{stage.label}", code="own_contract",
            way_out="请由设备科工程师或使用科室的其他人员验收。",
        )  # fmt: skip


def _defect(acceptance: AcquisitionAcceptance, stage: Stage, text: str, actor: User) -> Defect:
    return Defect.objects.create(
        acceptance=acceptance, stage=stage, text=text.strip()[:300], by=actor, at=clock.now()
    )


@transaction.atomic
def report_defect(acceptance: AcquisitionAcceptance, *, actor: User, text: str) -> Defect:
    """Anything else that is not in order; who may sign a stage may report one."""
    code = next(
        (one for one in (WORK, TECHNICAL, CLINICAL) if scope.has(actor, one, acceptance.org_unit_id)), WORK
    )
    fresh = _open(acceptance, code, actor)
    if not text.strip():
        raise Invalid("请填写缺陷", problems=[Problem("请填写缺陷", field="text")], way_out="请填写缺陷。")
    due = stages.next_stage(stages.passed(fresh)) or Stage.FINAL
    made = _defect(fresh, due, text, actor)
    documents.log(fresh, "defect", actor=actor, summary=f"登记缺陷 {fresh}：{made}")
    return made


@transaction.atomic
def end_defect(
    acceptance: AcquisitionAcceptance, *, actor: User, defect: Defect, kind: str, text: str
) -> DefectEnd:
    """A defect is put right, or accepted by somebody else than who reported it."""
    fresh = _open(acceptance, WORK, actor)
    if defect.acceptance_id != fresh.pk:
        raise Invalid(
            "不是本单的缺陷", problems=[Problem("请重新选择", field="defect")], way_out="请重新选择。"
        )
    problems = [] if text.strip() else [Problem("请填写整改情况或接受理由", field="text")]
    if kind not in DefectEnd.Kind.values:
        problems.append(Problem("请选择结果", field="kind"))
    if kind == DefectEnd.Kind.ACCEPTED and defect.by_id == actor.pk:
        problems.append(Problem(f"缺陷由您登记，接受须由他人决定：{defect.text}", field="kind"))
    if problems:
        raise Invalid("缺陷不能销项", problems=problems, way_out="请按提示填写。")
    if DefectEnd.objects.filter(defect=defect).exists():
        raise Conflict("该缺陷已处理", code="ended", way_out="请刷新页面。")
    made = DefectEnd.objects.create(
        defect=defect, kind=kind, text=text.strip()[:300], reporter_id=defect.by_id, by=actor, at=clock.now()
    )
    documents.log(
        fresh, "end_defect", actor=actor, summary=f"{made.get_kind_display()} {defect}：{made.text}"
    )
    return made
