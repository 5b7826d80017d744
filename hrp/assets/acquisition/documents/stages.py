"""The stages of an acceptance with their checklists and signatures, and the defects found on the way.

A stage belongs to one submission: when the acceptance is changed, what was seen before no longer counts. That the three
signatures are of three people is a constraint of the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from hrp.assets.acquisition.documents.people import person
from hrp.assets.acquisition.documents.submissions import submission_of
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.refusals import Problem
from hrp.platform.documents.models import Attachment

if TYPE_CHECKING:
    from hrp.assets.acquisition.documents.acceptance import AcquisitionAcceptance


class Stage(models.TextChoices):
    ARRIVAL = "arrival", "到货"
    OPENING = "opening", "开箱"
    INSTALLATION = "installation", "安装调试"
    TRIAL = "trial", "试运行"
    TECHNICAL = "technical", "技术验收"
    CLINICAL = "clinical", "临床验收"
    FINAL = "final", "终验"


ORDER = tuple(Stage)
SIGNED = (Stage.TECHNICAL, Stage.CLINICAL, Stage.FINAL)
CHECKLISTS: dict[Stage, tuple[tuple[str, str], ...]] = {
    Stage.ARRIVAL: (("package", "外包装完好，无破损水渍"), ("count", "件数与送货单一致"), ("transport", "运输方向与防震标识正常")),
    Stage.OPENING: (
        ("list", "主机与附件同装箱单、合同一致"), ("plate", "铭牌型号、出厂编号与本单一致"), ("papers", "说明书、合格证、保修单齐全"),
        ("registration", "注册证（进口含报关单、检疫证明）有效且相符"), ("surface", "外观无损伤"),
    ),
    Stage.INSTALLATION: (
        ("site", "场地、供电、接地、防护符合要求"), ("power", "通电自检正常"), ("function", "各项功能调试正常"), ("training", "操作与维护培训已完成"),
    ),
    Stage.TRIAL: (("stable", "试运行期间运行稳定"), ("alarm", "报警与安全联锁有效"), ("records", "试运行记录完整")),
    Stage.TECHNICAL: (
        ("performance", "性能参数达到合同与说明书"), ("safety", "电气安全检测合格"), ("metrology", "须检定的已检定或已报检"), ("documents", "技术资料已归档"),
    ),
    Stage.CLINICAL: (("use", "满足临床使用要求"), ("operators", "使用人员已培训并会操作"), ("procedure", "操作规程已制定")),
    Stage.FINAL: (),
}  # fmt: skip
TITLES = {code: text for points in CHECKLISTS.values() for code, text in points}


class AcceptanceStep(AppendOnlyModel):
    """A stage passed: what was ticked, and who says so."""

    acceptance = models.ForeignKey(
        "acquisition.AcquisitionAcceptance", models.PROTECT, related_name="steps", verbose_name="设备验收单"
    )
    submission = models.DateTimeField("提交时间")
    stage = models.CharField("环节", max_length=12, choices=Stage.choices)
    checks = models.JSONField("检查项", default=dict)
    text = models.CharField("说明", max_length=300, blank=True)
    by = person("签字人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "验收环节"
        db_table = "assets_acquisition_step"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["acceptance", "submission", "stage"], name="assets_acquisition_step_once"
            ),
            models.UniqueConstraint(
                fields=["acceptance", "submission", "by"], condition=Q(stage__in=[one.value for one in SIGNED]),
                name="assets_acquisition_three_signers",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {self.by}"

    @property
    def failed(self) -> list[str]:
        return [TITLES.get(code, code) for code, right in self.checks.items() if not right]


class Defect(AppendOnlyModel):
    """Something that is not in order with what arrived."""

    acceptance = models.ForeignKey(
        "acquisition.AcquisitionAcceptance", models.PROTECT, related_name="defects", verbose_name="设备验收单"
    )
    stage = models.CharField("发现环节", max_length=12, choices=Stage.choices)
    text = models.CharField("缺陷", max_length=300)
    by = person("登记人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "验收缺陷"
        db_table = "assets_acquisition_defect"
        ordering = ("id",)
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="assets_acquisition_defect_text")]

    def __str__(self) -> str:
        return self.text


class DefectEnd(AppendOnlyModel):
    """How a defect ended: put right, or accepted by somebody who did not report it."""

    class Kind(models.TextChoices):
        FIXED = "fixed", "已整改"
        ACCEPTED = "accepted", "接受（让步）"

    defect = models.OneToOneField(Defect, models.PROTECT, related_name="end", verbose_name="缺陷")
    kind = models.CharField("结果", max_length=10, choices=Kind.choices)
    text = models.CharField("整改情况或接受理由", max_length=300)
    reporter = person("登记人")
    by = person("处理人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "缺陷处理"
        db_table = "assets_acquisition_defect_end"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="assets_acquisition_defect_end_text"),
            models.CheckConstraint(
                condition=Q(kind="fixed") | ~Q(by=F("reporter")), name="assets_acquisition_defect_accepted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.text}"


def passed(acceptance: AcquisitionAcceptance) -> dict[str, AcceptanceStep]:
    """The stages behind what was last submitted."""
    if acceptance.submitted_at is None:
        return {}
    rows = AcceptanceStep.objects.filter(acceptance=acceptance, submission=acceptance.submitted_at)
    return {row.stage: row for row in rows.select_related("by").order_by("pk")}


def next_stage(given: dict[str, AcceptanceStep]) -> Stage | None:
    """The stage whose turn it is."""
    return next((stage for stage in ORDER if stage not in given), None)


def open_defects(acceptance: AcquisitionAcceptance) -> list[Defect]:
    return list(Defect.objects.filter(acceptance=acceptance, end__isnull=True).order_by("pk"))


def has_photo(acceptance: AcquisitionAcceptance) -> bool:
    return Attachment.objects.filter(kind=acceptance.spec.kind, document_id=acceptance.pk).exists()


def unfinished(acceptance: AcquisitionAcceptance, actor: Any) -> list[Problem]:
    """What stands before 终验."""
    given = passed(acceptance)
    problems = [
        Problem(f"{stage.label}尚未完成") for stage in ORDER if stage != Stage.FINAL and stage not in given
    ]
    found = open_defects(acceptance)
    if found:
        words = "；".join(defect.text for defect in found[:5])
        problems.append(
            Problem(
                f"还有 {len(found)} 项缺陷未处理：{words}", way_out="请整改后销项，或由他人写明理由接受。"
            )
        )
    if not has_photo(acceptance):
        problems.append(Problem("请上传开箱与铭牌照片"))
    mine = [stage.label for stage in SIGNED if stage in given and given[stage].by_id == actor.pk]
    if mine:
        problems.append(
            Problem(
                f"您已在{'、'.join(mine)}签字，终验须由第三人", way_out="请由资产管理办公室的其他人员终验。"
            )
        )
    return problems


def sign_final(acceptance: AcquisitionAcceptance, actor: User) -> None:
    """Posting is the third signature."""
    AcceptanceStep.objects.create(
        acceptance=acceptance, submission=submission_of(acceptance), stage=Stage.FINAL, by=actor, at=clock.now()
    )  # fmt: skip
