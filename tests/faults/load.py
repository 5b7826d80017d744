"""Programs that post through the HTTP API, and what each was told.

A program draws up a document, submits it, has it approved where that is asked for, posts it, sometimes reverses it.
Whatever fails in between it asks again under the same key until it is answered; now and then it gives up instead and
never learns what became of its last request. It keeps one :class:`Story` per document: what it sent, and what it was
told.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

ISSUE, RECEIPT = "logistics.stock_issue", "logistics.stock_receipt"
PATHS = {ISSUE: "/api/v1/logistics/stock-issues", RECEIPT: "/api/v1/logistics/stock-receipts"}
KEEPER, ACCOUNTANT = "wangmin", "zhangxiaoyan"
ITEMS = ("HC00101", "HC00102", "HC00103", "HC00201", "HC00202", "HC00301", "HC00401", "HC00402")
UNITS = (
    "0101",
    "0107",
    "0111",
    "0114",
    "0117",
    "0205",
    "0402",
)  # clinical and administrative: other accounts
MARK = "faults"  # stands in the queries too

STATE_AFTER = {
    "create": "draft",
    "submit": "approved",
    "approve": "approved",
    "post": "posted",
    "reverse": "reversed",
}
APPROVAL_FROM = 50_000

TIMEOUT = 20.0  # seconds for one request
PATIENCE = 120.0  # seconds until a program must have been answered, however often it asked
PAUSE = 0.06  # at most, between two documents of a program
MOST_REQUESTS = 60_000

GIVES_UP, POSTS_TWICE, ASKS_AGAIN, WITHOUT_KEY, REVERSES, STOPS_EARLY = 0.1, 0.08, 0.08, 0.15, 0.06, 0.08


@dataclass
class Story:
    """One document as its program knows it.

    ``acts`` were acknowledged, those with a key in ``keys`` could be asked for again as in ``sent``; ``open`` is the act
    that was never answered.
    """

    mark: str
    kind: str
    lines: list[dict[str, str]]
    needs_approval: bool = False
    pk: int | None = None
    acts: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    sent: dict[str, tuple[str, str, dict[str, Any]]] = field(default_factory=dict)
    open: str = ""
    number: str | None = None
    total: str | None = None
    version: int = 0

    def state_after(self, act: str) -> str:
        return "submitted" if act == "submit" and self.needs_approval else STATE_AFTER[act]

    @property
    def states(self) -> set[str]:
        """Where the document may be now: after the last act told of, or after the one not answered."""
        known = [self.acts[-1]] if self.acts else []
        return {self.state_after(act) for act in (*known, *([self.open] if self.open else []))}

    @property
    def posted(self) -> bool:
        """Posting was acknowledged."""
        return "post" in self.acts


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    replayed: bool


class Abandoned(Exception):
    """The program gave up, or was refused: this document's story ends here."""


class Load:
    """What all programs share: whom they speak to, what they were told, when to stop."""

    def __init__(self, *, port: int, day: dt.date, tokens: dict[str, str]) -> None:
        self.port = port
        self.day = day
        self.tokens = tokens
        self.stories: list[Story] = []
        self.problems: list[str] = []
        self.stop = threading.Event()
        self.requests = self.retries = self.answered_late = self.unheard = 0
        self.newest_posting = 0.0
        self._lock = threading.Lock()

    def call(self, user: str, path: str, body: dict[str, Any], key: str) -> Answer:
        """One request. Raises OSError, HTTPException or ValueError when there is no whole answer."""
        with self._lock:
            self.requests += 1
        if self.requests > MOST_REQUESTS and not self.stop.is_set():
            self.stop.set()
            self.problem(f"more than {MOST_REQUESTS} requests")
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request("POST", path, json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if response.status >= 500:
            return Answer(response.status, {}, replayed=False)
        return Answer(response.status, json.loads(text), response.getheader("Idempotent-Replay") == "true")

    def problem(self, text: str) -> None:
        with self._lock:
            self.problems.append(text)

    def add(self, story: Story) -> None:
        with self._lock:
            self.stories.append(story)

    def counted(self, *, retries: int, replayed: bool, posting_begun: float) -> None:
        with self._lock:
            self.retries += retries
            self.answered_late += bool(retries)
            self.unheard += bool(retries) and replayed
            self.newest_posting = max(self.newest_posting, posting_begun)

    def posted_since(self, moment: float) -> bool:
        """Whether a posting that was asked for after ``moment`` has been acknowledged."""
        return self.newest_posting > moment


class Program(threading.Thread):
    """One caller, doing one document after the other until told to stop."""

    def __init__(self, load: Load, number: int, seed: str) -> None:
        super().__init__(name=f"program-{number}", daemon=True)
        self.load = load
        self.number = number
        self.random = random.Random(f"{seed}/{number}")
        self.made = 0

    def run(self) -> None:
        while not self.load.stop.is_set():
            try:
                self._document()
            except Abandoned:
                pass
            except Exception as error:
                self.load.problem(f"{self.name}: {type(error).__name__}: {error}")
                raise
            time.sleep(self.random.uniform(0, PAUSE))

    # -- one document ------------------------------------------------------------------------------------------

    def _document(self) -> None:
        chance = self.random.random()
        story = self.issue() if chance < 0.75 else self._receipt(large=chance > 0.93)
        self.load.add(story)
        self.act(story, "create")
        last = self.random.choice(("create", "submit")) if self._perhaps(STOPS_EARLY) else "post"
        if last == "create":
            return
        self.act(story, "submit")
        if last == "submit":
            return
        if story.needs_approval:
            self.act(story, "approve")
        self.act(story, "post")
        if story.kind == ISSUE and self._perhaps(REVERSES):
            self.act(story, "reverse")

    def _mark(self) -> str:
        self.made += 1
        return f"{MARK} {self.number}-{self.made}"

    def issue(self) -> Story:
        items = self.random.sample(ITEMS, self.random.randint(1, 4))
        lines = [
            {"item": item, "quantity": self.random.choice(("1", "2", "3", "7", "2.5"))} for item in items
        ]
        return Story(self._mark(), ISSUE, lines)

    def _receipt(self, *, large: bool) -> Story:
        mark = self._mark()
        items = self.random.sample(ITEMS, self.random.randint(1, 3))
        price = "68000.01" if large else self.random.choice(("0.3333", "1.07", "12.345678"))
        lines = [
            {
                "item": item,
                "lot": f"{mark}/{place}",
                "expiry": self._expiry(2000),
                "quantity": "3",
                "price": price,
            }
            for place, item in enumerate(items)
        ]
        return Story(mark, RECEIPT, lines, needs_approval=large)

    def opening(self) -> Story:
        """So much stock that no issue is refused, in batches that run out one after the other."""
        lots = (("K1", 60, "40", "0.3333"), ("K2", 90, "150", "1.0701"), ("K3", 120, "333", "2.999999"))
        lines = [
            {"item": item, "lot": lot, "expiry": self._expiry(days), "quantity": quantity, "price": price}
            for item in ITEMS
            for lot, days, quantity, price in (*lots, ("K9", 150, "1000000", "0.7777"))
        ]
        return Story(self._mark(), RECEIPT, lines, needs_approval=True)

    def _expiry(self, days: int) -> str:
        return (self.load.day + dt.timedelta(days=days)).isoformat()

    # -- one act, until it is answered -------------------------------------------------------------------------

    def act(self, story: Story, act: str) -> None:
        """Ask until answered, and keep what was answered. Raises Abandoned."""
        user, path, body = self._request(story, act)
        key = f"{story.mark}:{act}"
        if act == "post" and self._perhaps(WITHOUT_KEY):
            key = ""  # the version alone must keep a posting from happening twice
        story.open = act
        twin = self._twin(user, path, body, key) if act == "post" and self._perhaps(POSTS_TWICE) else None
        answer = self._ask(user, path, body, key, posting=act == "post", gives_up=twin is None)
        self._learn(story, act, answer)
        if key:
            story.keys[act], story.sent[act] = key, (user, path, body)
        if twin is not None:
            self._compare(story, act, answer, twin())
        if key and self._perhaps(ASKS_AGAIN):
            self._compare(story, act, answer, self._ask(user, path, body, key))

    def _request(self, story: Story, act: str) -> tuple[str, str, dict[str, Any]]:
        path, day = PATHS[story.kind], self.load.day.isoformat()
        if act != "create":
            bodies: dict[str, dict[str, Any]] = {"post": {"version": story.version}}
            bodies["reverse"] = {"reason": "领错科室", "on": day}
            user = ACCOUNTANT if act in ("approve", "reverse") else KEEPER
            return user, f"{path}/{story.pk}/{act}", bodies.get(act, {})
        header = {"campus": "1", "store": "CK01", "fund": "F1", "business_date": day, "note": story.mark}
        if story.kind == RECEIPT:
            header |= {"org_unit": "0407", "supplier": "GYS001"}
        else:
            header |= {"org_unit": UNITS[self.made % len(UNITS)]}
        return KEEPER, path, {"header": header, "lines": story.lines}

    def _learn(self, story: Story, act: str, answer: Answer) -> None:
        story.open = ""
        story.pk, story.version = answer.body["id"], answer.body["version"]
        story.acts.append(act)
        if answer.body["state"] != story.state_after(act):
            self.load.problem(f"{story.mark}: {act} was answered with state {answer.body['state']}")
        if act == "post":
            story.number, story.total = answer.body["number"], answer.body["total"]

    def _ask(
        self,
        user: str,
        path: str,
        body: dict[str, Any],
        key: str,
        *,
        posting: bool = False,
        gives_up: bool = True,
    ) -> Answer:
        deadline, retries = time.monotonic() + PATIENCE, 0
        while True:
            begun = time.monotonic()
            try:
                answer = self.load.call(user, path, body, key)
            except (OSError, http.client.HTTPException, ValueError):
                answer = Answer(599, {}, replayed=False)
            if answer.status < 400:
                self.load.counted(
                    retries=retries, replayed=answer.replayed, posting_begun=begun if posting else 0.0
                )
                return answer
            if answer.status < 500:
                self.load.problem(f"{path} {key}: refused {answer.status} {answer.body}")
                raise Abandoned
            if gives_up and retries == 0 and self._perhaps(GIVES_UP):
                raise Abandoned
            if time.monotonic() > deadline:
                self.load.problem(f"{path} {key}: no answer within {PATIENCE} s")
                raise Abandoned
            retries += 1
            time.sleep(self.random.uniform(0.05, 0.4))

    def _twin(self, user: str, path: str, body: dict[str, Any], key: str) -> Any:
        """The same request at the same time, as from a button pressed twice; returns how to wait for its answer."""
        answers: list[Answer] = []

        def ask() -> None:
            with suppress(Abandoned):
                answers.append(self._ask(user, path, body, key, gives_up=False))

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()

        def wait() -> Answer:
            thread.join()
            if not answers:
                raise Abandoned
            return answers[0]

        return wait

    def _compare(self, story: Story, act: str, first: Answer, second: Answer) -> None:
        same = ("id", "number", "state", "version", "total")
        if any(first.body[name] != second.body[name] for name in same):
            self.load.problem(
                f"{story.mark}: {act} answered twice, and differently: {first.body} {second.body}"
            )

    def _perhaps(self, chance: float) -> bool:
        return self.random.random() < chance
