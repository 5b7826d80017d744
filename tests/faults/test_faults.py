"""Killing web, worker or PostgreSQL with -9 sixty times under posting load loses nothing and doubles nothing.

``HRP_FAULTS_KILLS`` sets the number of kills (60; some of the supervisor come on top), ``HRP_FAULTS_SEED`` repeats the
plan of an earlier run; the seed of every run is printed. A run ends with one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

from hrp.config import processes, testing
from hrp.config.settings.paths import BASE_DIR
from tests.faults import facts, queries, replay
from tests.faults.doctored import DOCTORINGS, Doctoring, doctored
from tests.faults.hospital import START_SECONDS, Hospital, clear_leftovers, kill
from tests.faults.load import ACCOUNTANT, ISSUE, KEEPER, RECEIPT, Load, Program
from tests.faults.replay import Finding
from tests.faults.storm import ANSWERS_WITHIN, WHOLE_WITHIN, Storm, plan

SEED = int(os.environ.get("HRP_FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
KILLS = int(os.environ.get("HRP_FAULTS_KILLS") or 60)
FIRST_KILLS = 4
PROGRAMS = 4
DRAINED_WITHIN = (
    150.0  # a job of a killed worker is taken for lost after 30 s, looked for every 30 s, and tried again
)
ASKED_AGAIN = 40

KEYS = """
import datetime as dt, json
from hrp.platform.access.models import User
from hrp.platform.access.services import keys
from hrp.platform.base import clock
tokens = {}
for username, scopes in json.loads('''%s''').items():
    _, tokens[username] = keys.create_key(
        actor=User.objects.get(username=username), name="faults", scopes=scopes,
        expires_at=clock.now() + dt.timedelta(days=1))
print("tokens", json.dumps(tokens))
"""
SCOPES = {
    KEEPER: [f"{kind}.{act}" for kind in (ISSUE, RECEIPT) for act in ("view", "edit", "submit", "post")],
    ACCOUNTANT: [f"{RECEIPT}.view", f"{RECEIPT}.approve", f"{ISSUE}.view", f"{ISSUE}.reverse"],
}


@dataclass
class Outcome:
    """What there is to judge after the storm. The hospital is stopped by then, its database server alone runs."""

    hospital: Hospital
    load: Load
    storm: Storm
    first_start: dict[str, str] = field(default_factory=dict)
    told_again: list[str] = field(default_factory=list)
    invariants: list[dict[str, Any]] = field(default_factory=list)
    chain: dict[str, Any] = field(default_factory=dict)
    checkups: dict[str, int] = field(default_factory=dict)
    sql: list[Finding] = field(default_factory=list)
    replay: list[Finding] = field(default_factory=list)
    jobs: dict[str, int] = field(default_factory=dict)
    drained: float = 0.0


# -- the run -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest) -> Iterator[Outcome]:
    """One hospital: a first start that is killed, a storm, a clean stop. Its folder stays when something failed."""
    testing.require_assets()
    clear_leftovers(Path(settings.HRP_HOME))
    hospital = Hospital(Path(settings.HRP_HOME) / f"faults-{os.getpid()}")
    print(f"\nfaults: seed {SEED}, {KILLS} kills", flush=True)
    failed = request.session.testsfailed
    try:
        begun = time.monotonic()
        first = first_start(hospital)
        load = prepare(hospital)
        found = Outcome(hospital, load, Storm(hospital, load, SEED), first_start=first)
        pour(found)
        settle(found)
        judge(found)
        print(json.dumps(summary(found, time.monotonic() - begun), ensure_ascii=False), flush=True)
        yield found
    except BaseException:
        hospital.end()
        print(
            f"faults: the hospital is kept under {hospital.home.root.parent}, its start in {hospital.log.name}"
        )
        raise
    hospital.end()
    if request.session.testsfailed == failed:
        hospital.remove()


def first_start(hospital: Hospital) -> dict[str, str]:
    """Make the hospital, killing the start again and again, the last time at the very moment the demo is there."""
    rng = random.Random(f"{SEED}/first")
    for attempt in range(1, FIRST_KILLS + 1):
        hospital.start()
        if attempt < FIRST_KILLS:
            time.sleep(rng.uniform(0.3, 6))
        else:
            wait_for_the_demo(hospital)
        kill(hospital.supervisors() if attempt % 2 else hospital.everything())
        assert hospital.supervisor is not None
        hospital.supervisor.wait()
        time.sleep(rng.uniform(0, 1))
    hospital.start()
    hospital.wait_until_whole()
    with hospital.connect() as connection:
        return dict(connection.execute("SELECT name, value FROM config_installation_mark").fetchall())


def wait_for_the_demo(hospital: Hospital) -> None:
    before = hospital.words().count("装入演示医院")
    begun = processes.wait_until(lambda: hospital.words().count("装入演示医院") > before, START_SECONDS)
    assert begun, hospital.words()
    with hospital.connect() as connection:
        there = "SELECT count(*) FROM org_hospital"
        seen = processes.wait_until(
            lambda: connection.execute(there).fetchall() == [(1,)], START_SECONDS, pause=0.002
        )
    assert seen, hospital.words()


def prepare(hospital: Hospital) -> Load:
    """Keys for the programs, a day in the open month, stock to issue, and one of each act."""
    made = hospital.command("shell", "--verbosity", "0", "--command", KEYS % json.dumps(SCOPES))
    assert made.returncode == 0, made.stderr
    tokens = json.loads(made.stdout.rpartition("tokens ")[2])
    with hospital.connect() as connection:
        [(day,)] = connection.execute("""
            SELECT least(greatest((now() AT TIME ZONE 'Asia/Shanghai')::date, first_day), last_day)
            FROM ledger_period WHERE state = 'open' ORDER BY first_day DESC LIMIT 1""").fetchall()
    load = Load(port=hospital.port, day=day, tokens=tokens)
    keeper = Program(load, 0, str(SEED))
    for story, acts in (
        (keeper.opening(), ("create", "submit", "approve", "post")),
        (keeper.issue(), ("create", "submit", "post", "reverse")),
    ):
        load.add(story)
        for act in acts:
            keeper.act(story, act)
    return load


def pour(found: Outcome) -> None:
    """The storm, with the programs posting all through it."""
    programs = [Program(found.load, number, str(SEED)) for number in range(1, PROGRAMS + 1)]
    for program in programs:
        program.start()
    try:
        found.storm.run(plan(SEED, KILLS))
    finally:
        found.load.stop.set()
        for program in programs:
            program.join()


def settle(found: Outcome) -> None:
    """One more start, the proper way; then everything that waits is done, and the old keys still know their answers."""
    hospital, begun = found.hospital, time.monotonic()
    hospital.stop()
    hospital.start()
    hospital.wait_until_whole()
    with hospital.connect() as connection:
        processes.wait_until(lambda: waiting(connection) == 0, DRAINED_WITHIN, pause=0.5)
        found.drained = time.monotonic() - begun
        [(count, broken, unknown)] = connection.execute(
            "SELECT count(*), coalesce(sum(broken), 0), coalesce(sum(unknown), 0) FROM jobs_health_run"
        ).fetchall()
    found.checkups = {"done": count, "broken": broken, "unknown": unknown}
    found.told_again = ask_again(found.load)
    checked = hospital.command("invariants", "--json")
    found.invariants = json.loads(checked.stdout)["invariants"]
    found.chain = json.loads(hospital.command("audit", "verify", "--json").stdout)
    hospital.stop()


def waiting(connection: psycopg.Connection) -> int:
    """Jobs that run or could run now."""
    [(count,)] = connection.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
        " OR status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
    ).fetchall()
    return int(count)


def ask_again(load: Load) -> list[str]:
    """What differs when old requests are sent once more under their keys."""
    stories = [story for story in load.stories if "post" in story.keys]
    wrong = []
    for story in random.Random(SEED).sample(stories, min(ASKED_AGAIN, len(stories))):
        user, path, body = story.sent["post"]
        answer = load.call(user, path, body, story.keys["post"])
        if not answer.replayed or (answer.body["number"], answer.body["total"]) != (
            story.number,
            story.total,
        ):
            wrong.append(f"{story.mark}: {story.number} {story.total}, now {answer}")
    return wrong


def judge(found: Outcome) -> None:
    found.hospital.cluster.start()
    with found.hospital.connect() as connection:
        read = facts.read(connection)
        found.jobs = read.jobs
        found.replay = replay.check(read, found.load.stories)
        queries.tell(connection, found.load.stories)
        found.sql = queries.check(connection)


def summary(found: Outcome, seconds: float) -> dict[str, Any]:
    stories, recoveries = found.load.stories, found.storm.recoveries
    rules = Counter(finding.rule for finding in {*found.replay, *found.sql})
    kills = sum(found.storm.kills.values())
    slowest = {}
    for recovery in recoveries:
        slowest[recovery.kind] = max(slowest.get(recovery.kind, 0.0), recovery.whole)
    return {
        "seed": SEED,
        "commit": commit(),
        "kills": kills,
        "kills_by_kind": dict(sorted(found.storm.kills.items())),
        "kills_during_first_start": FIRST_KILLS,
        "acknowledged": {act: sum(act in s.acts for s in stories) for act in ("create", "submit", "approve", "post", "reverse")},
        "never_answered": sum(bool(s.open) for s in stories),
        "requests": found.load.requests,
        "retried": found.load.retries,
        "answered_after_retry": found.load.answered_late,
        "done_but_unheard": found.load.unheard,  # committed, the answer lost by the kill, told at the next asking
        "lost": rules["lost"],
        "doubled": rules["doubled"],
        "findings": sum(rules.values()),
        "recovery_seconds": {
            "answered": spread([r.answered for r in recoveries], ANSWERS_WITHIN),
            "whole": spread([r.whole for r in recoveries], WHOLE_WITHIN),
            "whole_max_by_kind": dict(sorted(slowest.items())),
        },
        "checkups_during_storm": found.checkups,
        "jobs": found.jobs,
        "drained_seconds": round(found.drained, 1),
        "seconds": round(seconds),
        "loss_per_kill_at_most": round(3 / kills, 4),  # 95 %, by the rule of three, when none of so many lost anything
        "loss_per_posting_at_most": round(3 / max(1, sum(s.posted for s in stories)), 6),
    }  # fmt: skip


def spread(seconds: list[float], bound: float) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 2), "max": max(seconds), "bound": bound}


def commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return asked.stdout.strip()


# -- the verdict -------------------------------------------------------------------------------------------------


def told(findings: list[Finding]) -> str:
    return "\n".join(f"{finding.rule}: {finding.where}" for finding in findings[:30])


def test_a_first_start_that_was_killed_ends_as_a_whole_hospital(outcome: Outcome) -> None:
    assert outcome.first_start["demo"] == "loaded"
    assert "schema" in outcome.first_start


def test_the_storm_was_one(outcome: Outcome) -> None:
    """The plan was carried out, and kills fell into postings: some were committed and their answers lost."""
    assert outcome.storm.kills == Counter(plan(SEED, KILLS))
    assert sum(story.posted for story in outcome.load.stories) > 3 * KILLS
    assert outcome.load.retries > KILLS
    if KILLS >= 30:
        assert outcome.load.unheard > 0
        assert any(story.open for story in outcome.load.stories)


def test_no_program_was_told_two_things(outcome: Outcome) -> None:
    assert outcome.load.problems == []
    assert outcome.told_again == []


def test_nothing_lost_nothing_doubled_by_replay(outcome: Outcome) -> None:
    assert outcome.replay == [], told(outcome.replay)


def test_nothing_lost_nothing_doubled_by_sql(outcome: Outcome) -> None:
    assert outcome.sql == [], told(outcome.sql)


def test_every_registered_invariant_holds(outcome: Outcome) -> None:
    assert len(outcome.invariants) > 30
    assert [one for one in outcome.invariants if one["state"] != "ok"] == []


def test_the_sealed_chain_holds(outcome: Outcome) -> None:
    assert outcome.chain["findings"] == []
    assert outcome.chain["ok"]
    assert outcome.chain["blocks"] > 1
    assert outcome.chain["anchored"] == outcome.chain["blocks"]


def test_no_job_is_stuck_and_each_checkup_found_all_well(outcome: Outcome) -> None:
    """Every job was done, or given up for another of its key that was done."""
    assert set(outcome.jobs) <= {"succeeded", "aborted"}, outcome.jobs
    assert outcome.checkups["done"] > 0
    assert (outcome.checkups["broken"], outcome.checkups["unknown"]) == (0, 0)


def test_it_answers_again_in_time(outcome: Outcome) -> None:
    recoveries = outcome.storm.recoveries
    assert recoveries
    assert max(r.answered for r in recoveries) < ANSWERS_WITHIN
    assert max(r.whole for r in recoveries) < WHOLE_WITHIN


# -- the judges judged -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def copy(outcome: Outcome) -> Iterator[psycopg.Connection]:
    """The superuser in a copy of the database that both judges have found in order."""
    cluster = outcome.hospital.cluster
    with psycopg.connect(cluster.address(), autocommit=True) as maintenance:
        maintenance.execute("CREATE DATABASE doctored TEMPLATE hrp")
    with psycopg.connect(cluster.address("doctored"), autocommit=True) as connection:
        queries.tell(connection, outcome.load.stories)
        yield connection


@pytest.mark.parametrize("doctoring", DOCTORINGS, ids=lambda one: one.name)
def test_both_judges_notice(outcome: Outcome, copy: psycopg.Connection, doctoring: Doctoring) -> None:
    with doctored(copy, doctoring):
        by_replay = {finding.rule for finding in replay.check(facts.read(copy), outcome.load.stories)}
        by_sql = {finding.rule for finding in queries.check(copy)}
    assert doctoring.replay in by_replay, by_replay
    assert not doctoring.sql or doctoring.sql in by_sql, by_sql
