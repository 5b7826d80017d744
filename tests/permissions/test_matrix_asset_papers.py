"""The papers of fixed assets hold to the matrix. A file of its own, so that several processes can share the knocking."""

from __future__ import annotations

from tests.permissions.checker import Checker
from tests.permissions.doors import doors
from tests.permissions.world import Hospital

LEAST_KNOCKS = 3500


def test_everybody_gets_what_the_matrix_says_of_the_papers_of_assets(hospital: Hospital) -> None:
    checker = Checker(hospital)
    assert checker.faults(door for door in doors() if door.is_of_assets and door.is_of_papers) == []
    assert checker.knocks > LEAST_KNOCKS
