"""A real browser in front of the small demo hospital: people who sign in and do their work.

The hospital is shared by all journeys of a run, so each makes what it needs and asserts on that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hrp.config.demo.accounts import PASSWORD
from hrp.config.testing import HospitalServer

SignIn = Callable[..., Page]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """Cookies of those who signed in already: a person need not type the password for every journey."""
    return {}


@pytest.fixture
def sign_in(
    hospital_server: HospitalServer,
    browser: Browser,
    browser_context_args: dict[str, Any],
    watched: Callable[[Page], Page],
    sessions: dict[str, Any],
) -> Iterator[SignIn]:
    """``sign_in("wangmin")``: a browser window of its own, watched, on that person's workbench."""
    contexts: list[BrowserContext] = []

    def enter(username: str, **options: Any) -> Page:
        options = {"base_url": hospital_server.url, "storage_state": sessions.get(username), **options}
        context = browser.new_context(**browser_context_args | options)
        contexts.append(context)
        page = watched(context.new_page())
        if username in sessions:
            page.goto("/")
        else:
            type_password(page, username)
            sessions[username] = context.storage_state()
        return page

    yield enter
    for context in contexts:
        context.close()


def type_password(page: Page, username: str) -> None:
    page.goto("/login")
    page.get_by_label("工号 / 用户名").fill(username)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登 录").click()
    expect(page.get_by_role("heading", name="您好")).to_be_visible()


@pytest.fixture
def facts(hospital_server: HospitalServer) -> Iterator[psycopg.Connection]:
    """What the database holds, read as its owner: a screen may be wrong about it."""
    with psycopg.connect(hospital_server.database.owner_url, autocommit=True) as connection:
        yield connection
