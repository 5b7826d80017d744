"""Parameters hold from their day on; defaults hold until then; wrong values are refused with what would be right."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from hrp.platform.base import clock, stamps
from hrp.platform.base.refusals import Invalid
from hrp.platform.org import parameters
from hrp.platform.org.models import Parameter

SPEC = parameters.Spec(
    key="test.least_life", title="入库最短剩余效期", kind="decimal", default=Decimal("0.6667"), source="院内默认",
    least=0, most=1,
)  # fmt: skip


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> parameters.Spec:
    monkeypatch.setitem(parameters.registry._things, SPEC.key, SPEC)
    return SPEC


def put(day: dt.date, value: str, **more: str) -> Parameter:
    row = Parameter.objects.create(
        key=SPEC.key,
        valid_from=day,
        value=value,
        source="物资管理办法",
        entered_by="甲",
        entered_at=clock.now(),
        **more,
    )
    stamps.forget()
    return row


@pytest.mark.django_db
def test_a_row_takes_the_place_of_the_default_from_its_day_on(spec: parameters.Spec) -> None:
    put(dt.date(2026, 7, 1), "0.5")
    put(dt.date(2027, 1, 1), "0.75", verified_by="乙")
    assert parameters.value(SPEC.key, dt.date(2026, 6, 30)) == Decimal("0.6667")
    assert parameters.value(SPEC.key, dt.date(2026, 7, 1)) == Decimal("0.5")
    assert parameters.held(SPEC.key, dt.date(2028, 1, 1)) == parameters.Held(
        Decimal("0.75"), "物资管理办法", True, dt.date(2027, 1, 1)
    )


@pytest.mark.django_db
def test_nobody_verifies_what_they_entered(spec: parameters.Spec) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        put(dt.date(2026, 7, 1), "0.5", verified_by="甲")


@pytest.mark.parametrize("text", ["", "半", "NaN", "1.01", "-0.1"])
def test_a_wrong_value_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parameters.parse(SPEC, text)
    assert refused.value.code == "bad_parameter"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("integers", "90、60，30,7", (90, 60, 30, 7)),
        ("bool", "是", True),
        ("integer", "12", 12),
        ("text", "甲", "甲"),
    ],
)
def test_values_are_read_as_people_type_them(kind: parameters.Kind, text: str, expected: object) -> None:
    spec = parameters.Spec(key="x", title="x", kind=kind, default=None, source="")
    assert parameters.parse(spec, text) == expected
    assert parameters.parse(spec, parameters.shown(spec, expected)) == expected
