"""What the terminal shows: steps with their seconds, and refusals with their way out. Standard library only."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hrp.platform.base.refusals import Refusal

RED, GREEN, DIM, PLAIN = "\033[31m", "\033[32m", "\033[2m", "\033[0m"


def _colour(code: str, text: str) -> str:
    return f"{code}{text}{PLAIN}" if sys.stdout.isatty() else text


def say(text: str) -> None:
    print(text, flush=True)


def refuse(refusal: Refusal) -> None:
    """Print a refusal: what is wrong, where, and the way out."""
    lines = [_colour(RED, "✗ ") + refusal.reason]
    lines += [f"  · {problem.message}" for problem in refusal.problems]
    if refusal.way_out:
        lines.append(f"  怎么办：{refusal.way_out}")
    print("\n".join(lines), file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Name a piece of work and print its seconds. On a terminal the seconds tick while it lasts."""
    started = time.monotonic()
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, started, over), daemon=True)
    live = sys.stdout.isatty() and not os.environ.get("HRP_PLAIN_STEPS")
    print(f"  {title} ……", end="" if live else "\n", flush=True)
    if live:
        ticker.start()
    try:
        yield
    except BaseException:
        over.set()
        say("")
        raise
    over.set()
    seconds = f"{time.monotonic() - started:.1f} 秒"
    if live:
        ticker.join()
        print(f"\r{_colour(GREEN, '✓')} {title}  {_colour(DIM, seconds)}      ", flush=True)
    else:
        say(f"✓ {title}  {seconds}")


def _tick(title: str, started: float, over: threading.Event) -> None:
    while not over.wait(1):
        print(f"\r  {title} …… {time.monotonic() - started:.0f} 秒", end="", flush=True)
