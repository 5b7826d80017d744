"""处置申请单 (disposal_request): a department asks to be rid of assets, and everybody who has a say says it, in order.

Opinions (:class:`Step`) are facts beside the submitted request: 技术鉴定, 资产管理办公室, 财务, 委员会, and from outside where a
rule says so. Posting asks for all of them and makes the assets 待处置; it books nothing. Then they are executed, written off
by 处置核销单, and the file is closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Max, Q

from hrp.assets import subledger
from hrp.assets.disposal.documents import limits
from hrp.assets.disposal.models import DisposalRule
from hrp.assets.disposal.rules import months_short
from hrp.assets.documents import checks
from hrp.assets.documents.write_off import DISPOSALS, Way
from hrp.assets.models import Asset, FundingLine
from hrp.assets.models.cards import HELD, Status
from hrp.assets.rules.months import Month
from hrp.platform.base import sql
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Attachment, Document, DocumentLine, State
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft

ZERO = Decimal(0)
STATUS_SQL = """
UPDATE assets_asset a SET status = u.status FROM unnest(%s::bigint[], %s::text[]) AS u(id, status) WHERE a.id = u.id
"""


class Reason(models.TextChoices):
    """What the rules of the field accept."""

    BEYOND_REPAIR = "beyond_repair", "无法修复或无修理价值"
    OVER_LIFE = "over_life", "超过使用年限且影响安全"
    NO_PARTS = "no_parts", "配件停产，无法维持使用"
    FORBIDDEN = "forbidden", "国家明令淘汰或禁止使用"
    ENERGY = "energy", "能耗过高"
    DAMAGED = "damaged", "毁损"
    OBSOLETE = "obsolete", "技术落后，不能满足业务"
    SURPLUS = "surplus", "闲置，不再需要"


class Stage(models.TextChoices):
    APPRAISAL = "appraisal", "技术鉴定"
    OFFICE = "office", "资产管理办公室"
    FINANCE = "finance", "财务部门"
    COMMITTEE = "committee", "医院委员会"
    EXTERNAL = "external", "外部审批"


ORDER = (Stage.APPRAISAL, Stage.OFFICE, Stage.FINANCE, Stage.COMMITTEE, Stage.EXTERNAL)


class DisposalRequest(Document):
    """Header of a request; ``cause`` and ``responsible`` are asked for where an asset has not reached its life."""

    spec = DocumentSpec(
        kind="assets.disposal_request", title="处置申请单", prefix="ZS",
        header_fields=("way", "reason", "explanation", "cause", "responsible"),
        line_fields=("asset", "has_storage", "is_radioactive", "condition"),
    )  # fmt: skip

    way = models.CharField(
        "处置方式",
        max_length=10,
        choices=[choice for choice in Way.choices if choice[0] in DISPOSALS and choice[0] != Way.LOSS],
        default=Way.SCRAP,
    )
    reason = models.CharField("处置原因", max_length=15, choices=Reason.choices)
    explanation = models.CharField("情况说明", max_length=300)
    cause = models.CharField("未到年限的原因", max_length=200, blank=True)
    responsible = models.CharField("责任认定", max_length=200, blank=True)

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "处置申请单"
        db_table = "assets_disposal_request"

    def compute(self, lines: Sequence[Any]) -> None:
        self.total = sum((line.asset.cost for line in lines if line.asset_id), ZERO)
        short = shortfalls([line.asset for line in lines if line.asset_id], self.business_date)
        for line in lines:
            line.months_short = short.get(line.asset_id, 0)

    def validate(self, lines: Sequence[Any]) -> None:
        checks.require_known(self, lines)
        problems = [] if self.explanation.strip() else [Problem("请填写情况说明", field="explanation")]
        seen: set[int] = set()
        asked = set(
            DisposalRequestLine.objects.filter(asset__in=[line.asset_id for line in lines if line.asset_id])
            .exclude(document=self.pk)
            .exclude(document__state__in=(State.VOID, State.REVERSED, State.POSTED))
            .values_list("asset_id", flat=True)
        )
        for place, line in enumerate(lines):
            if line.asset_id is None:
                problems.append(Problem("请选择资产", field="asset", line=place))
                continue
            asset = line.asset
            if asset.status not in HELD or asset.status == Status.PENDING:
                problems.append(Problem(f"{asset} {asset.get_status_display()}", field="asset", line=place))
            elif asset.pk in seen:
                problems.append(Problem("同一资产重复", field="asset", line=place))
            elif asset.pk in asked:
                problems.append(Problem(f"{asset} 已在另一张处置申请中", field="asset", line=place))
            seen.add(asset.pk)
        problems += self._below_life(lines)
        if problems:
            raise Invalid(
                f"处置申请单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def _below_life(self, lines: Sequence[Any]) -> list[Problem]:
        short = shortfalls([line.asset for line in lines if line.asset_id], self.business_date)
        if not any(short.values()) or self.way != Way.SCRAP:
            return []
        place = next(number for number, line in enumerate(lines) if short.get(line.asset_id))
        words = f"{lines[place].asset} 距使用年限还差 {short[lines[place].asset_id]} 个月"
        return [
            Problem(f"{words}，请填写{title}", field=field)
            for field, title, given in (
                ("cause", "原因", self.cause),
                ("responsible", "责任认定", self.responsible),
            )
            if not given.strip()
        ]

    def apply(self, ctx: PostingContext) -> None:
        ids = list(self.lines.values_list("asset_id", flat=True))
        cards = subledger.lock(ids, month=Month.holding(ctx.on))
        assets = [card.asset for card in cards.values()]
        gone = [one for one in assets if one.status not in HELD or one.status == Status.PENDING]
        if gone:
            raise Conflict(f"{gone[0]} {gone[0].get_status_display()}", code="not_held", way_out="请刷新。")
        self._require_opinions(assets, ctx.on)
        sql.run(STATUS_SQL, [ids, [Status.PENDING] * len(ids)])
        subledger.write_events(
            [
                subledger.Said(
                    one.pk, "pending", f"批准处置：{self.get_way_display()}，{self.get_reason_display()}",
                    before={"status": one.status}, after={"status": Status.PENDING},
                )
                for one in assets
            ],
            on=ctx.on, ctx=ctx,
        )  # fmt: skip

    def _require_opinions(self, assets: Sequence[Asset], on: dt.date) -> None:
        """Every opinion that is due is there and agrees, and there are photographs."""
        given = current_steps(self)
        problems = [
            Problem(f"缺少{Stage(stage).label}意见") for stage in self.due(assets, on) if stage not in given
        ]
        problems += [
            Problem(f"{step.get_stage_display()}不同意：{step.opinion}")
            for step in given.values()
            if not step.agrees
        ]
        if not Attachment.objects.filter(kind=self.spec.kind, document_id=self.pk).exists():
            problems.append(Problem("请上传待处置资产的照片"))
        limit = limits.needed(assets, self.way, on)
        external = given.get(Stage.EXTERNAL)
        if limit is not None and external is not None and (external.rank or 0) < limit.rank:
            problems.append(
                Problem(
                    f"原值合计 {sum((a.cost for a in assets), ZERO):,.2f} 元须由{limit.approver}审批，"
                    f"现有批复只到{external.get_rank_display()}"
                )
            )
        rank = external.rank if external and external.rank else DisposalRule.Rank.HOSPITAL
        problems += limits.split_problems(assets, self.way, on, rank=rank)
        if problems:
            raise Conflict(
                f"{self} 还不能批准", code="not_complete", problems=problems, way_out="请补齐意见、批复和照片后再过账。"
            )  # fmt: skip

    def due(self, assets: Sequence[Asset], on: dt.date) -> list[str]:
        """The opinions this request needs."""
        limit = limits.needed(assets, self.way, on)
        outside = limit is not None and limit.rank > DisposalRule.Rank.HOSPITAL
        return [stage for stage in ORDER if stage != Stage.EXTERNAL or outside]

    def entries(self, facts: None) -> list[EntryDraft]:
        return []

    def mirror(self, ctx: PostingContext) -> None:
        if Execution.objects.filter(request=self).exists():
            raise Conflict(
                f"{self} 已执行处置，不能红冲",
                code="executed",
                way_out="资产已离开医院的，请按实际情况另行处理。",
            )
        before = subledger.before(self.source, "pending")
        cards = subledger.lock(sorted(before), month=Month.holding(ctx.on))
        changed = [card.asset for card in cards.values() if card.asset.status != Status.PENDING]
        if changed:
            raise Conflict(
                f"{changed[0]} {changed[0].get_status_display()}，不能红冲", code="changed_since", way_out="请先红冲其后的单据。"
            )  # fmt: skip
        ids = sorted(before)
        sql.run(STATUS_SQL, [ids, [before[pk]["status"] for pk in ids]])
        subledger.write_events(
            [subledger.Said(pk, "unpending", f"红冲处置申请：{self.explanation}") for pk in ids],
            on=ctx.on,
            ctx=ctx,
        )


def shortfalls(assets: Sequence[Asset], on: dt.date) -> dict[int, int]:
    """Months each asset falls short of its life: the longer of its own and the least of the table in force."""
    used = dict(
        FundingLine.objects.filter(asset__in=[one.pk for one in assets]).values_list("asset").annotate(Max("opening_months"))
    )  # fmt: skip
    found = {}
    for asset in assets:
        if asset.booked_on is None:
            continue
        held = (
            (on.year - asset.booked_on.year) * 12
            + on.month
            - asset.booked_on.month
            + (used.get(asset.pk) or 0)
        )
        life = max(asset.life_months or 0, checks.least_months(asset, on) or 0)
        found[asset.pk] = months_short(held, life or None)
    return found


def current_steps(request: DisposalRequest) -> dict[str, Step]:
    """The last opinion of each stage on what was last submitted; what was said of an earlier text no longer counts."""
    rows = (
        Step.objects.filter(request=request, at__gte=request.submitted_at)
        if request.submitted_at
        else Step.objects.none()
    )
    return {step.stage: step for step in rows.order_by("pk")}


class DisposalRequestLine(DocumentLine):
    """One asset to be disposed of, and what has to be seen to before it leaves."""

    document = models.ForeignKey(
        DisposalRequest, models.CASCADE, related_name="lines", verbose_name="处置申请单"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    has_storage = models.BooleanField("含存储介质", default=False)
    is_radioactive = models.BooleanField("含放射源或射线装置", default=False)
    condition = models.CharField("现状", max_length=200, blank=True)
    months_short = models.PositiveSmallIntegerField("差年限月数", default=0)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "处置明细"
        db_table = "assets_disposal_request_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="assets_disposal_request_line_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.asset}"


def _person(title: str) -> models.ForeignKey[object, object]:
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=title)


class Step(AppendOnlyModel):
    """One opinion on a request, by somebody who did not make it. Money as finance saw it that day."""

    request = models.ForeignKey(
        DisposalRequest, models.PROTECT, related_name="steps", verbose_name="处置申请单"
    )
    stage = models.CharField("环节", max_length=10, choices=Stage.choices)
    agrees = models.BooleanField("同意")
    opinion = models.CharField("意见", max_length=300)
    institution = models.CharField("机构", max_length=100, blank=True)
    number = models.CharField("文号", max_length=60, blank=True)
    rank = models.PositiveSmallIntegerField("审批层级", choices=DisposalRule.Rank.choices, null=True)
    cost = MoneyField("原值", null=True)
    net = MoneyField("净值", null=True)
    maker = _person("申请人")
    by = _person("经办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "处置意见"
        db_table = "assets_disposal_step"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("maker")), name="assets_disposal_step_by_another"),
            models.CheckConstraint(
                condition=~Q(stage="external") | (Q(rank__isnull=False) & ~Q(number="")), name="assets_disposal_external_number"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {self.opinion}"


class Clearance(AppendOnlyModel):
    """What was seen to before an asset left: its data wiped, or its source taken by who is licensed to."""

    class Kind(models.TextChoices):
        WIPE = "wipe", "数据清除"
        RADIOACTIVE = "radioactive", "放射源交有资质单位"

    request = models.ForeignKey(
        DisposalRequest, models.PROTECT, related_name="clearances", verbose_name="处置申请单"
    )
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="资产")
    kind = models.CharField("事项", max_length=12, choices=Kind.choices)
    method = models.CharField("方法或许可证号", max_length=100)
    institution = models.CharField("承办单位", max_length=100, blank=True)
    by = _person("经办人")
    witness = _person("见证人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "处置前清除"
        db_table = "assets_disposal_clearance"
        constraints = [
            models.UniqueConstraint(
                fields=["request", "asset", "kind"], name="assets_disposal_clearance_once"
            ),
            models.CheckConstraint(condition=~Q(by=F("witness")), name="assets_disposal_clearance_witness"),
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.get_kind_display()}"


class Execution(AppendOnlyModel):
    """How the assets of a request left."""

    class Channel(models.TextChoices):
        AUCTION = "auction", "公开拍卖"
        RECYCLER = "recycler", "交回收企业"
        TRANSFER = "transfer", "移交接收单位"
        DONATION = "donation", "捐赠受赠方"
        EXCHANGE = "exchange", "置换"
        DESTROYED = "destroyed", "销毁"

    request = models.OneToOneField(
        DisposalRequest, models.PROTECT, related_name="execution", verbose_name="处置申请单"
    )
    channel = models.CharField("执行方式", max_length=10, choices=Channel.choices)
    counterpart = models.CharField("接收单位", max_length=100)
    on = models.DateField("执行日期")
    expected = MoneyField("应收金额", default=0)
    write_off = models.CharField("核销单", max_length=100)
    by = _person("经办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "处置执行"
        db_table = "assets_disposal_execution"
        constraints = [models.CheckConstraint(condition=Q(expected__gte=0), name="assets_disposal_expected")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.counterpart}"


class Archive(AppendOnlyModel):
    """The file of a disposal, closed (账销案存)."""

    request = models.OneToOneField(
        DisposalRequest, models.PROTECT, related_name="archive", verbose_name="处置申请单"
    )
    number = models.CharField("档号", max_length=60)
    place = models.CharField("存放地点", max_length=100, blank=True)
    by = _person("归档人")
    at = models.DateTimeField("归档时间")

    class Meta:
        verbose_name = "处置归档"
        db_table = "assets_disposal_archive"

    def __str__(self) -> str:
        return self.number
