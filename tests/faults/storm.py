"""The seeded killer: which process, when, and how long until everything works again."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from tests.faults.hospital import Hospital, kill
from tests.faults.load import Load

# of sixty kills of web, worker or PostgreSQL
KINDS = {
    "web worker": 13,
    "web server": 10,
    "job worker": 10,
    "rescuer": 3,
    "database session": 11,
    "database process": 3,
    "database": 8,
    "database, port taken": 2,
}
# on top of them, followed by a new start
STARTS = {"supervisor": 5, "everything": 3}

ANSWERS_WITHIN = 30.0  # seconds from a kill to the next acknowledged posting
WHOLE_WITHIN = 60.0  # seconds from a kill until every process is back and /readyz agrees
AGAIN_AT_ONCE = 0.25  # chance that a blow falls while the last one is still being mended
LONGEST_CALM = 1.2
CHECKUP_EVERY = 3.0
LONGEST_STORM = 40 * 60.0


def plan(seed: int, kills: int) -> list[str]:
    """The kinds of all kills in order: ``kills`` of web, worker or PostgreSQL, and in proportion those of the start."""
    rng = random.Random(f"{seed}/plan")

    def drawn(shares: dict[str, int], count: int) -> list[str]:
        order: list[str] = []
        while len(order) < count:
            one_round = [kind for kind, share in shares.items() for _ in range(share)]
            rng.shuffle(one_round)
            order += one_round
        return order[:count]

    starts = round(kills * sum(STARTS.values()) / sum(KINDS.values()))
    order = drawn(KINDS, kills)
    for kind in drawn(STARTS, starts):
        order.insert(rng.randrange(len(order) + 1), kind)
    return order


@dataclass
class Recovery:
    """After a kill, or several in quick succession: seconds from the last one.

    ``answered`` until a posting asked for since is acknowledged; ``whole`` until every process is back, ``/readyz``
    agrees, and a posting asked for after that is acknowledged too.
    """

    kind: str
    answered: float
    whole: float


@dataclass
class Storm:
    """Carries the plan out against a hospital under load."""

    hospital: Hospital
    load: Load
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    recoveries: list[Recovery] = field(default_factory=list)

    def run(self, order: list[str]) -> None:
        rng, deadline = random.Random(f"{self.seed}/moments"), time.monotonic() + LONGEST_STORM
        with Checkups(self.hospital):
            for place, kind in enumerate(order):
                assert time.monotonic() < deadline, f"{place} of {len(order)} kills within {LONGEST_STORM} s"
                time.sleep(rng.uniform(0, LONGEST_CALM))
                begun, victims, release = self._strike(kind, rng)
                self.kills[kind] += 1
                if rng.random() < AGAIN_AT_ONCE and place < len(order) - 1 and release is None:
                    continue
                self._recover(kind, begun, victims)
                if release is not None:
                    release()

    def _strike(self, kind: str, rng: random.Random) -> tuple[float, list[int], Callable[[], None] | None]:
        """Kill one of a kind as soon as there is one.

        Returns when, which processes must have been replaced afterwards, and what to undo then.
        """
        victims, old = self._pick(kind, rng), []
        if kind == "supervisor":  # the database goes on, all others begin anew
            old = [pid for name in ("web", "worker", "rescuer") for pid in self.hospital.child(name)]
        elif kind == "everything":
            victims = self.hospital.everything()
        port = self.hospital.cluster.port
        if not kill(victims):  # it ended by itself in between
            return self._strike(kind, rng)
        begun = time.monotonic()
        release = _occupy(port) if kind == "database, port taken" else None
        if kind in ("supervisor", "everything"):
            assert self.hospital.supervisor is not None
            self.hospital.supervisor.wait()
            time.sleep(rng.uniform(0, 1))
            self.hospital.start()
        return begun, [*victims, *old], release

    def _pick(self, kind: str, rng: random.Random) -> list[int]:
        find = {
            "web worker": self.hospital.web_workers,
            "web server": lambda: self.hospital.child("web"),
            "job worker": lambda: self.hospital.child("worker"),
            "rescuer": lambda: self.hospital.child("rescuer"),
            "database session": self.hospital.sessions,
            "database process": self.hospital.database_processes,
            "database": self.hospital.database,
            "database, port taken": self.hospital.database,
            "supervisor": self.hospital.supervisors,
            "everything": self.hospital.supervisors,
        }[kind]
        deadline = time.monotonic() + WHOLE_WITHIN
        while not (found := find()):
            assert time.monotonic() < deadline, f"no {kind} to kill\n{self.hospital.words()}"
            time.sleep(0.01)
        return [rng.choice(found)]

    def _recover(self, kind: str, begun: float, old: list[int]) -> None:
        answered = whole_at = whole = 0.0
        while not whole:
            assert not self.load.stop.is_set(), self.load.problems
            assert self.hospital.supervisors(), f"hrp run ended by itself:\n{self.hospital.words()}"
            if not whole_at and self.hospital.is_whole(without=old):
                whole_at = time.monotonic()
            since = time.monotonic() - begun
            if not answered and self.load.posted_since(begun):
                answered = since
            if whole_at and self.load.posted_since(whole_at):
                whole = since
            late = f"{kind}, {since:.0f} s ago: {answered=} {whole=}\n{self.hospital.words()}"
            assert answered or since < ANSWERS_WITHIN, late
            assert whole or since < WHOLE_WITHIN, late
            time.sleep(0.05)
        self.recoveries.append(Recovery(kind, round(answered, 2), round(whole, 2)))


def _occupy(port: int) -> Callable[[], None]:
    """Be the stranger who listens on a port before the database can have it back; returns how to go away."""
    stranger = socket.socket()
    stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + 5
    while True:
        try:
            stranger.bind(("127.0.0.1", port))
            stranger.listen()
        except OSError:
            assert time.monotonic() < deadline, f"port {port} could not be taken"
            time.sleep(0.002)
        else:
            return stranger.close


class Checkups(threading.Thread):
    """Makes the nightly check-up due again and again: a keyed job of some length, for the killer to interrupt."""

    def __init__(self, hospital: Hospital) -> None:
        super().__init__(name="checkups", daemon=True)
        self.hospital = hospital
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(CHECKUP_EVERY):
            with suppress(psycopg.Error, OSError), self.hospital.connect("app") as connection:
                connection.execute(
                    "UPDATE jobs_duty SET next_due = now() WHERE name = 'jobs.nightly_checkup' AND lease_until IS NULL"
                )

    def __enter__(self) -> Checkups:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()
