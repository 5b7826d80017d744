"""The other part of the knocking, in a process and on a database of its own: ``python -m tests.permissions.elsewhere``."""

from __future__ import annotations

import json

import django
from django.test.utils import setup_test_environment


def main() -> None:
    django.setup()
    setup_test_environment()

    from tests.permissions.checker import Checker
    from tests.permissions.doors import share
    from tests.permissions.world import standing

    with standing() as hospital:
        checker = Checker(hospital)
        faults = checker.faults(share(elsewhere=True))
    print(json.dumps([checker.knocks, faults]))


if __name__ == "__main__":
    main()
