"""Documents through the HTTP API: drafted, submitted and posted by a program, each write once per key."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.logistics.models import StockMove
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.access.services import keys
from hrp.platform.base import clock
from hrp.platform.documents.spec import ACTS
from hrp.platform.documents.testing import DAY, World

pytestmark = pytest.mark.django_db

ISSUES = "/api/v1/logistics/stock-issues"


class Program:
    """A caller with a key of the store keeper, and stock to issue."""

    def __init__(self) -> None:
        self.world = World()
        room = Stockroom(self.world)
        codes = [f"logistics.{kind}.{act}" for kind in ("stock_receipt", "stock_issue") for act in ACTS]
        keeper = self.world.user("keeper", "王敏", *codes)
        room.receive(keeper, {"item": room.gauze.pk, "quantity": "100", "price": "3.33"})
        _, self.token = keys.create_key(
            actor=keeper, name="测试", scopes=codes, expires_at=clock.now() + dt.timedelta(days=1)
        )
        self.client = Client()

    def write(self, path: str, body: dict[str, Any], key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        return self.client.post(
            f"{ISSUES}{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    def draft(self, key: str = "", quantity: str = "3") -> Any:
        header = {
            "campus": self.world.campus.code, "org_unit": self.world.unit.code, "store": "S1", "fund": "F1",
            "business_date": DAY.isoformat(),
        }  # fmt: skip
        return self.write("", {"header": header, "lines": [{"item": "HC02", "quantity": quantity}]}, key)


def test_a_program_drafts_submits_and_posts() -> None:
    program = Program()
    made = program.draft()
    assert made.status_code == 201, made.content.decode()
    pk = made.json()["id"]
    assert program.write(f"/{pk}/submit", {}).json()["state"] == "approved"
    posted = program.write(f"/{pk}/post", {"version": 2})
    assert posted.status_code == 200
    assert (posted.json()["state"], posted.json()["total"]) == ("posted", "9.99")
    assert posted.json()["number"] == StockIssue.objects.get(pk=pk).number


def test_the_same_key_writes_once_and_gives_the_first_answer() -> None:
    program = Program()
    first, second = program.draft("k1"), program.draft("k1")
    assert first.json() == second.json()
    assert (first.get("Idempotent-Replay"), second.get("Idempotent-Replay")) == (None, "true")
    pk = first.json()["id"]
    program.write(f"/{pk}/submit", {}, "k2")
    posted = [program.write(f"/{pk}/post", {}, "k3").json() for _ in range(3)]
    assert posted[0] == posted[1] == posted[2]
    assert StockIssue.objects.count() == 1
    assert StockMove.objects.filter(source=f"logistics.stock_issue:{pk}").count() == 1


def test_a_key_belongs_to_one_request() -> None:
    program = Program()
    program.draft("k1")
    refused = program.draft("k1", quantity="4")
    assert refused.status_code == 422
    assert refused.json()["error"] == "idempotency_mismatch"
    assert StockIssue.objects.count() == 1


def test_a_refused_write_keeps_no_key() -> None:
    program = Program()
    assert program.draft("k1", quantity="0").status_code == 422
    assert program.draft("k1", quantity="1").status_code == 201
