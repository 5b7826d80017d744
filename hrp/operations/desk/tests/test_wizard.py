"""Three facts and the level they amount to; reports that tell of one fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hrp.operations.contracts.defaults import default_terms
from hrp.operations.desk.rules import similar, wizard

RANKED = default_terms().ranked()


@pytest.mark.parametrize(
    ("stopped", "workaround", "reach", "level"),
    [
        ("yes", "no", "all", "1"),
        ("yes", "no", "some", "1"),
        ("yes", "no", "user", "A"),
        ("yes", "yes", "all", "A"),
        ("yes", "yes", "some", "A"),
        ("yes", "yes", "user", "B"),
        ("no", "no", "all", "A"),
        ("no", "no", "some", "B"),
        ("no", "no", "user", "C"),
        ("no", "yes", "all", "B"),
        ("no", "yes", "some", "B"),
        ("no", "yes", "user", "C"),
    ],
)
def test_proposed_level(stopped: str, workaround: str, reach: str, level: str) -> None:
    answers = wizard.read({"stopped": stopped, "workaround": workaround, "reach": reach})
    assert answers is not None
    assert wizard.propose(answers, RANKED).code == level


def test_worse_facts_never_propose_a_milder_level() -> None:
    order = {"user": 0, "some": 1, "all": 2}
    facts = [wizard.Answers(s, w, r) for s in (False, True) for w in (False, True) for r in order]  # type: ignore[arg-type]
    for one in facts:
        for other in facts:
            worse = (
                one.stopped >= other.stopped
                and one.workaround <= other.workaround
                and order[one.reach] >= order[other.reach]
            )
            if worse:
                assert wizard.propose(one, RANKED).rank >= wizard.propose(other, RANKED).rank


def test_contract_with_fewer_levels_gives_its_mildest() -> None:
    answers = wizard.Answers(stopped=False, workaround=True, reach="user")
    assert wizard.propose(answers, RANKED[:2]).code == "A"


@pytest.mark.parametrize(
    "given",
    [{}, {"stopped": "yes", "workaround": "no"}, {"stopped": "1", "workaround": "no", "reach": "all"}],
)
def test_nothing_is_proposed_before_all_three_are_answered(given: dict[str, str]) -> None:
    assert wizard.read(given) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("保存失败 id=4711 at 0x7f2a", "保存失败 id=42 at 0x10ff"),
        ("Timeout after 30 s", "timeout after  45 s"),
    ],
)
def test_two_occurrences_of_an_error_share_a_mark(one: str, other: str) -> None:
    assert similar.error_hash(one) == similar.error_hash(other) != ""


def test_different_errors_do_not() -> None:
    assert similar.error_hash("保存失败") != similar.error_hash("打印失败")
    assert similar.error_hash("  ") == ""


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("全院各库房无法出库", "无法出库", True),
        ("出库保存报错", "库房出库时报错", True),
        ("工资条打印偏移", "全院各库房无法出库", False),
        ("", "无法出库", False),
    ],
)
def test_like_titles(one: str, other: str, alike: bool) -> None:
    assert (similar.likeness(one, other) >= similar.ALIKE) is alike


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert similar.likeness(one, other) == similar.likeness(other, one)
    assert 0 <= similar.likeness(one, other) <= 1
