"""What people say about a request: the applicant's statement of interest, experts' votes, and what each body resolved.

All of it is said about what was last submitted; when a request is changed it is said again.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from hrp.assets.acquisition import parameters as mine
from hrp.assets.acquisition.documents import limits
from hrp.assets.acquisition.documents.people import person
from hrp.assets.acquisition.models.limits import STEP_TITLES, STEPS
from hrp.assets.acquisition.rules.decisions import Ballot, Step, Tally, shortfalls, tally
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.refusals import Problem
from hrp.platform.org import parameters

if TYPE_CHECKING:
    from hrp.assets.acquisition.documents.request import AcquisitionRequest

RESOLVED = (Step.COMMITTEE, Step.PRESIDENT, Step.PARTY)  # 集体决策: a meeting with a number and votes


def _request(name: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        "acquisition.AcquisitionRequest", models.PROTECT, related_name=name, verbose_name="设备申购单"
    )


class Statement(AppendOnlyModel):
    """利益冲突声明 of the applicant about the very things asked for; other things ask for another."""

    request = _request("statements")
    has_interest = models.BooleanField("与供应商有利益关系")
    text = models.CharField("说明", max_length=300, blank=True)
    digest = models.CharField("内容指纹", max_length=64)
    by = person("声明人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "利益冲突声明"
        db_table = "assets_acquisition_statement"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["request", "by", "digest"], name="assets_acquisition_statement_once"
            ),
            models.CheckConstraint(
                condition=Q(has_interest=False) | ~Q(text=""), name="assets_acquisition_statement_said"
            ),
        ]

    def __str__(self) -> str:
        return f"{'有利益关系' if self.has_interest else '无利益冲突'} {self.text}".strip()


class Panellist(AppendOnlyModel):
    """An expert named for one submission of a request."""

    request = _request("panel")
    submission = models.DateTimeField("提交时间")
    expert = person("专家")
    field = models.CharField("专业", max_length=60, blank=True)
    maker = person("申购人")
    by = person("指定人")
    at = models.DateTimeField("指定时间")

    class Meta:
        verbose_name = "论证专家"
        db_table = "assets_acquisition_panellist"
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["request", "submission", "expert"], name="assets_acquisition_panellist_once"
            ),
            models.CheckConstraint(
                condition=~Q(expert=F("maker")), name="assets_acquisition_panellist_not_maker"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expert}"


class Vote(AppendOnlyModel):
    """One expert's vote with the score sheet; ``recused`` when the expert declares an interest."""

    panellist = models.OneToOneField(Panellist, models.PROTECT, related_name="vote", verbose_name="论证专家")
    recused = models.BooleanField("回避", default=False)
    agrees = models.BooleanField("同意")
    scores = models.JSONField("评分", default=list)
    score = models.DecimalField("得分", max_digits=5, decimal_places=2)
    opinion = models.CharField("意见", max_length=300)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "专家论证票"
        db_table = "assets_acquisition_vote"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=0, score__lte=100), name="assets_acquisition_vote_score"
            ),
            models.CheckConstraint(
                condition=Q(recused=False) | Q(agrees=False), name="assets_acquisition_vote_recused"
            ),
        ]

    def __str__(self) -> str:
        return "回避" if self.recused else f"{'同意' if self.agrees else '不同意'} {self.score} 分"


class Opinion(AppendOnlyModel):
    """What the office or a body said; a body with the number of its minutes and its votes (集体决策)."""

    request = _request("opinions")
    step = models.CharField("环节", max_length=10, choices=[one for one in STEPS if one[0] != Step.EXPERTS])
    agrees = models.BooleanField("同意")
    opinion = models.CharField("意见", max_length=300)
    minutes = models.CharField("会议纪要号", max_length=60, blank=True)
    held_on = models.DateField("会议日期", null=True)
    ayes = models.PositiveSmallIntegerField("同意票", default=0)
    nays = models.PositiveSmallIntegerField("不同意票", default=0)
    maker = person("申购人")
    by = person("经办人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "申购意见"
        db_table = "assets_acquisition_opinion"
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(condition=~Q(by=F("maker")), name="assets_acquisition_opinion_by_another"),
            models.CheckConstraint(
                condition=Q(step=Step.OFFICE.value) | (~Q(minutes="") & Q(held_on__isnull=False)),
                name="assets_acquisition_opinion_minutes",
            ),
            models.CheckConstraint(
                condition=Q(step=Step.OFFICE.value) | Q(agrees=False) | Q(ayes__gt=F("nays")),
                name="assets_acquisition_opinion_majority",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.opinion}"


def current(request: AcquisitionRequest) -> dict[str, Opinion]:
    """The last opinion of each step on what was last submitted."""
    if request.submitted_at is None:
        return {}
    rows = Opinion.objects.filter(request=request, at__gte=request.submitted_at).order_by("pk")
    return {row.step: row for row in rows}


def panel(request: AcquisitionRequest) -> list[Panellist]:
    """The experts named for what was last submitted, with their votes."""
    if request.submitted_at is None:
        return []
    rows = Panellist.objects.filter(request=request, submission=request.submitted_at)
    return list(rows.select_related("expert", "vote").order_by("pk"))


def ballots(named: Sequence[Panellist]) -> list[Ballot]:
    votes = [one.vote for one in named if hasattr(one, "vote")]
    return [Ballot(vote.agrees, vote.score, vote.recused) for vote in votes]


def panel_words(request: AcquisitionRequest) -> list[str]:
    """Why the experts have not said yes; empty when they have."""
    on = request.business_date
    return shortfalls(
        _tally(request), least=parameters.value(mine.EXPERTS, on), share=Decimal(parameters.value(mine.SHARE, on)),
        score=Decimal(parameters.value(mine.SCORE, on)),
    )  # fmt: skip


def _tally(request: AcquisitionRequest) -> Tally:
    return tally(ballots(panel(request)))


def stated(request: AcquisitionRequest) -> Statement | None:
    """The applicant's statement about what is asked for now."""
    return Statement.objects.filter(request=request, by=request.maker_id, digest=request.digest()).first()


def missing(request: AcquisitionRequest, lines: Sequence[Any]) -> list[Problem]:
    """Everything a request still needs before it is approved."""
    problems = []
    if stated(request) is None:
        problems.append(Problem("申购人还没有签署利益冲突声明"))
    given = current(request)
    for step in limits.steps(request, lines):
        if step == Step.EXPERTS:
            problems += [Problem(f"专家论证未通过：{word}") for word in panel_words(request)]
        elif step not in given:
            problems.append(Problem(f"缺少{STEP_TITLES[step]}意见（申购合计 {request.total:,.2f} 元）"))
        elif not given[step].agrees:
            problems.append(Problem(f"{STEP_TITLES[step]}不同意：{given[step].opinion}"))
    return problems
