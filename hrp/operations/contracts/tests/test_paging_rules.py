"""A chain that could leave a call unanswered is refused when a version is drafted, with the place that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hrp.operations.contracts import services
from hrp.operations.contracts.defaults import default_body, default_terms
from hrp.operations.contracts.models import ContractVersion
from hrp.operations.contracts.rules import chain_of, check_paging, duty_layers
from hrp.operations.desk.tests import world
from hrp.operations.desk.tests.world import MONDAY
from hrp.platform.base.refusals import Invalid
from hrp.platform.notify import services as notify
from hrp.platform.notify.selectors import KNOWN_TRANSPORTS

Change = Callable[[dict[str, Any]], Any]


def chain(plan: dict[str, Any], level: str = "1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plan["paging"][level]
    return found


def test_the_shipped_chains_hold() -> None:
    check_paging(default_body(), KNOWN_TRANSPORTS)
    assert duty_layers(default_terms().plan) == ("一线", "二线", "主管")
    assert [step.at_s for step in chain_of(default_terms(), "1")] == [0, 45, 90, 150, 210]
    assert chain_of(default_terms(), "Z") == ()


@pytest.mark.parametrize(
    ("change", "where", "says"),
    [
        (lambda plan: chain(plan)[-1].update(at_s=300), "plan.paging.1", "须早于响应时限 5 分钟"),
        (lambda plan: chain(plan)[0].update(at_s=1), "plan.paging.1", "立即"),
        (lambda plan: chain(plan)[1].update(at_s=90), "plan.paging.1", "递增"),
        (lambda plan: chain(plan)[1].pop("at_s"), "plan.paging.1", "at_s"),
        (lambda plan: chain(plan)[1].update(at_s=True), "plan.paging.1", "at_s"),
        (lambda plan: chain(plan)[2].update(layers=["三线"]), "plan.paging.1.2.layers", "三线"),
        (lambda plan: chain(plan)[2].update(layers=[]), "plan.paging.1.2", "呼叫谁"),
        (lambda plan: chain(plan)[2].update(channels=["pigeon"]), "plan.paging.1.2.channels", "pigeon"),
        (lambda plan: chain(plan)[2].update(channels=[]), "plan.paging.1.2", "呼叫方式"),
        (
            lambda plan: [step.update(channels=["wecom", "email"]) for step in chain(plan)],
            "plan.paging.1",
            "断网",
        ),
        (lambda plan: plan["paging"].pop("C"), "plan.paging.C", "C级没有呼叫链"),
        (lambda plan: plan["paging"].update(B=[]), "plan.paging.B", "B级没有呼叫链"),
        (lambda plan: plan["at_risk"].reverse(), "plan.at_risk", "递增"),
        (lambda plan: plan["at_risk"][0].update(percent=100), "plan.at_risk", "1 至 99"),
        (lambda plan: plan["at_risk"][0].update(roles=[]), "plan.at_risk", "角色"),
    ],
)
def test_a_chain_that_cannot_do_its_work_is_named(change: Change, where: str, says: str) -> None:
    body = default_body()
    change(body["plan"])
    with pytest.raises(Invalid) as refused:
        check_paging(body, KNOWN_TRANSPORTS)
    assert refused.value.code == "paging_invalid"
    assert [(problem.field, says in problem.message) for problem in refused.value.problems] == [(where, True)]


def test_without_layers_no_chain_can_be_checked() -> None:
    body = default_body()
    del body["plan"]["rota"]["layers"]
    with pytest.raises(Invalid) as refused:
        check_paging(body, KNOWN_TRANSPORTS)
    assert "plan.rota.layers" in [problem.field for problem in refused.value.problems]


@pytest.mark.django_db
def test_a_version_is_drafted_only_with_chains_that_work_with_the_line_cut() -> None:
    """The voice and SMS gateways of this hospital sit in the internet: no chain of the default contract would do."""
    world_ = world.make()
    before = ContractVersion.objects.count()
    for code in ("voice", "sms"):
        notify.save_gateway(
            pk=None,
            values={
                "code": code, "title": code, "kind": code, "url": "https://sms.example.com/send",
                "allowed": "sms.example.com:443", "timeout_s": 5, "needs_internet": True,
            },
        )  # fmt: skip
    facts = {"actor": world_.clerk, "contract": world_.contract, "body": default_body(), "valid_from": MONDAY}
    with pytest.raises(Invalid, match="呼叫链"):
        services.draft_version(**facts)  # type: ignore[arg-type]
    assert ContractVersion.objects.count() == before
    notify.save_gateway(
        pk=None,
        values={
            "code": "modem", "title": "短信猫", "kind": "sms", "url": "http://10.1.1.5:8080/sms",
            "allowed": "10.1.1.5:8080", "timeout_s": 5, "needs_internet": False,
        },
    )  # fmt: skip
    body = default_body()
    for steps in body["plan"]["paging"].values():
        steps[0]["channels"].append("modem")
    assert services.draft_version(**(facts | {"body": body})).number == 2  # type: ignore[arg-type]
