"""A rota for the demo hospital: some months behind, more than sixty days ahead, lived through at its own times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from hrp.operations.duty import selectors
from hrp.operations.duty.services import handover, rota, swaps
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.notify import services as notify

TEAM = {"一线": ("zhouyi", "qianli", "luomin"), "二线": ("shenqi", "tangyu"), "主管": ("sunhao", "hanxue")}
"""Who takes turns in which layer; the first of each stands in the first week."""

_WAYS = {
    "zhouyi": (35, "城西"), "qianli": (50, "滨江"), "luomin": (25, "老城"), "shenqi": (70, "下沙"), "tangyu": (95, "绍兴"),
    "sunhao": (40, "城北"), "hanxue": (110, "湖州"),
}  # fmt: skip
_NOTES = (
    ("一线", "FW 单据打印偏移一事等标签卷到货，约好周三下午现场调整；其余工单均已响应。"),
    ("二线", "归档磁盘已扩容到 2 TB，观察到周五；超过 85% 请先清理再告知信息科。"),
    ("一线", "月结日，今晚 20 点起财务科集中过账，留意锁等待告警。"),
)


def seed(
    *, boss: User, team: Mapping[str, User], hospital: Mapping[str, User], today: dt.date, months: int
) -> None:
    """Lay the rota. ``team`` are the supplier's people by username, ``hospital`` the counterparts; ``boss`` lays it."""
    monday = today - dt.timedelta(days=today.weekday())
    first = monday - dt.timedelta(weeks=-(-months * 31 // 7) + 1)
    with clock.pinned(clock.at(first - dt.timedelta(days=3))):
        for username, (minutes, home) in _WAYS.items():
            rota.save_person(actor=boss, user=team[username], travel_minutes=minutes, home=home)
        for place, user in enumerate([*team.values(), *hospital.values()]):
            _contact(user, "mobile", f"13900{place:02d}{(place * 7919) % 10_000:04d}")
            _contact(user, "wecom", user.username)
    last = today + dt.timedelta(days=75)
    with clock.pinned(clock.at(first - dt.timedelta(days=2))):
        for layer, usernames in TEAM.items():
            rota.generate(
                actor=boss, layer=layer, people=[team[name] for name in usernames], first_day=first, last_day=last
            )  # fmt: skip
    _swaps(team, boss, monday)
    _checks(hospital, boss, today, months)
    for place, (layer, text) in enumerate(_NOTES):
        week = monday - dt.timedelta(weeks=len(_NOTES) - 1 - place)
        with clock.pinned(clock.at(week, 7, 50)):
            leaving = selectors.on_duty(clock.now())[layer][0]
            coming = selectors.on_duty(clock.now() + dt.timedelta(minutes=15))[layer][0]
            handover.write_note(actor=leaving, layer=layer, text=text, taken_by=coming)


def _contact(user: User, kind: str, address: str) -> None:
    notify.save_contact(pk=None, values={"user": user.pk, "kind": kind, "address": address})


def _swaps(team: Mapping[str, User], boss: User, monday: dt.date) -> None:
    """One swap of last week that was approved, one that waits for the colleague."""
    for weeks, hour, approved in ((-1, 9, True), (2, 10, False)):
        day = monday + dt.timedelta(weeks=weeks, days=2)
        at = clock.at(day - dt.timedelta(days=1) if approved else monday - dt.timedelta(days=1), hour)
        with clock.pinned(at):
            begin, end = clock.at(day, 18), clock.at(day + dt.timedelta(days=1), 8)
            asker = _first_line(begin)
            colleague = next(team[name] for name in TEAM["一线"] if team[name].pk != asker.pk)
            swap = swaps.ask(
                actor=asker, layer="一线", colleague=colleague, starts_at=begin, ends_at=end,
                reason="家中有事" if approved else "外地培训，当晚赶不回",
            )  # fmt: skip
            if approved:
                swaps.answer(actor=colleague, swap=swap, accept=True)
                swaps.decide(actor=boss, swap=swap, approve=True)


def _first_line(at: dt.datetime) -> User:
    return selectors.on_duty(at)["一线"][0]


def _checks(hospital: Mapping[str, User], boss: User, today: dt.date, months: int) -> None:
    """Each quarter the counterparts are called; once somebody had to be tried twice."""
    for place, days in enumerate(reversed(range(20, months * 30 + 60, 85))):
        for user in hospital.values():
            with clock.pinned(clock.at(today - dt.timedelta(days=days), 10, 20)):
                if place == 1:
                    handover.check_contact(
                        actor=boss, counterpart=user, reached=False, note="会议中，约下午再打"
                    )
            with clock.pinned(clock.at(today - dt.timedelta(days=days), 15, 5)):
                handover.check_contact(actor=boss, counterpart=user, reached=True)
