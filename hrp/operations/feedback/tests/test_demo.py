"""The demo of knowledge, training and feedback tells a whole story, and its clauses are proved as far as it goes."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from hrp.operations.contracts import proofs as clauses
from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.proofs import Span, Verdict
from hrp.operations.desk import demo as desk_demo
from hrp.operations.desk.tests import world as desk
from hrp.operations.duty.tests.world import DUTY, engineers
from hrp.operations.feedback import demo
from hrp.operations.feedback.models import Enquiry, Rating, Reply
from hrp.operations.knowledge import demo as knowledge
from hrp.operations.knowledge.models import ArticleVersion, Use
from hrp.operations.training import demo as training
from hrp.operations.training.models import Attempt, Attendance, Session
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock, health
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db

ALL = (
    "operations.article.*",
    "operations.training.*",
    "operations.rating.*",
    "operations.survey.*",
    "operations.enquiry.*",
)


def codes() -> list[str]:
    from hrp.platform.access.permissions import registry

    return [one.code for one in registry if any(one.code.startswith(kind[:-1]) for kind in ALL)]


def test_the_story_has_something_of_everything() -> None:
    engineers()
    users: dict[str, User] = {
        desk_demo.AGENT: people.person(*{*desk.SUPPLIER, *DUTY, *codes(), "operations.duty.edit"}),
        desk_demo.ENGINEER: people.person(*{*desk.SUPPLIER, *DUTY, *codes()}),
        desk_demo.COUNTERPART: people.person(*desk.HOSPITAL, *codes()),
        "wangmin": people.person(*codes(), name="王敏"),
        "zhaoqian": people.person(*codes(), name="赵倩"),
    }
    units = [places.unit("设备科库房", tree="accounting"), places.unit("财务科", tree="accounting")]
    now = clock.at(dt.date(2026, 11, 23), 10)
    with clock.pinned(now):
        tickets = desk_demo.seed(random.Random(7), users, units, clock.today(), months=2, per_month=4)
        knowledge.seed(users, clock.today())
        training.seed(users, units, clock.today())
        demo.seed(users, units, tickets, clock.today())
        contract = contracts.current_contract()
        assert contract is not None
        span = Span(contract, dt.date(2026, 1, 1), dt.date(2026, 12, 31), now)
        verdicts = {
            code: clauses.prove(code, span).verdict for code in ("AC-01", "AC-02", "AC-13", "AC-17", "AC-18")
        }
    assert [one for one in health.run("operations") if one.state != "ok"] == []
    assert verdicts == {
        "AC-01": Verdict.MET, "AC-02": Verdict.MET, "AC-13": Verdict.MET, "AC-17": Verdict.NOT_MET, "AC-18": Verdict.MET,
    }  # fmt: skip
    assert set(Use.objects.values_list("kind", flat=True)) >= {"deflected"}
    assert set(ArticleVersion.objects.values_list("state", flat=True)) == {"draft", "reviewed", "published"}
    assert set(Session.objects.values_list("audience", "state")) == {
        ("business", "held"), ("system", "held"), ("business", "planned"),
    }  # fmt: skip
    assert set(Attendance.objects.values_list("via", flat=True)) == {"phone", "list"}
    assert set(Attempt.objects.values_list("passed", flat=True)) == {True, False}
    assert set(Enquiry.objects.values_list("state", flat=True)) == {"open", "planned", "answered", "settled"}
    assert Rating.objects.exists()
    assert Reply.objects.count() == 2
