"""YAML 1.2 with lines: words stay words, numbers are exact, and what could cost more than its length is
refused.
"""

import sys
from decimal import Decimal

import pytest

from domain.model.programme import ProgrammeInvalid, content_hash, load
from domain.model.programme.parsing import parse_yaml
from tests.model.programme.mistakes import CLUB


def test_only_true_and_false_are_booleans_and_dates_stay_texts() -> None:
    reading = parse_yaml(
        "on: no\nyes: off\ntruth: true\nday: 2026-01-31\nnothing:\ntext: '5'\nwhole: 5\nexact: 1.10"
    )
    assert reading.content == {
        "on": "no",
        "yes": "off",
        "truth": True,
        "day": "2026-01-31",
        "nothing": None,
        "text": "5",
        "whole": 5,
        "exact": Decimal("1.10"),
    }


def test_each_path_has_its_line() -> None:
    reading = parse_yaml("a:\n  - {b: 1,\n     c: 2}\n  - d: |\n      x\n      y\n")
    assert reading.line_of(("a", 0, "c")) == 3
    assert reading.line_of(("a", 1, "d")) == 4
    assert reading.line_of(("a", 1, "missing", "below")) == 4


REFUSED = {
    "anchor": ("a: 1\nb: &x [1]", 2, "anchors and aliases (& and *) are not read here"),
    "alias": ("a: *x", 1, "anchors and aliases (& and *) are not read here"),
    "tag": (
        "a: 1\nb: !!python/object:os.system x",
        2,
        "the tag tag:yaml.org,2002:python/object:os.system is not read here",
    ),
    "second document": ("a: 1\n---\nb: 2", 2, "the file holds a second document"),
    "deep lists": ("- " * 5_000, 1, "the file is nested more than 20 deep"),
    "deep brackets": ("a: " + "[" * 50_000, 1, "the file is nested more than 20 deep"),
    "a map as a key": ("? {a: 1}\n: 2", 1, "a key is a map or a list"),
    "open bracket": ("a: 1\nb: [1", 2, "the bracket of line 2 is not closed before this"),
    "control character": ("a: 1\nb: \x01", 2, "this is no YAML: it holds a character that no text has"),
    "nothing": ("", 1, "the file is no map of keys"),
    "a list": ("- a", 1, "the file is no map of keys"),
    "too large": ("# " + "x" * 1_000_000, 1, "the file is larger than 1000000 bytes"),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_yaml_is_refused_at_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ProgrammeInvalid) as raised:
        parse_yaml(text)
    assert [(fault.line, fault.message) for fault in raised.value.faults] == [(line, message)]


def test_the_same_content_has_the_same_hash_however_it_is_written() -> None:
    assert content_hash("a: {c: 1, b: 'x'}\nd: 1.50") == content_hash(
        "# said otherwise\nd: 1.5\na:\n  b: x\n  c: 1\n"
    )


def test_another_content_has_another_hash() -> None:
    hashes = {
        content_hash(text)
        for text in (
            "a: 1",
            "a: '1'",
            "a: 2",
            "a: [1]",
            "a: [1, 2]",
            "a: [2, 1]",
            "b: 1",
            "a: true",
            "a: 'true'",
        )
    }
    assert len(hashes) == 9
    assert content_hash(CLUB) != content_hash(CLUB.replace("holdout: 10", "holdout: 11"))


def _calls(keys: int) -> int:
    """Count the calls of Python functions that refusing so many unknown keys takes."""
    text = "programme: {" + ", ".join(f"k{n}: 1" for n in range(keys)) + "}"
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        load(text)
    except ProgrammeInvalid as raised:
        faults = raised.faults
    finally:
        sys.setprofile(before)
    assert len(faults) > keys
    return counted


def test_twice_as_many_faults_cost_twice_as_much() -> None:
    _calls(10)  # what is made at the first use
    assert 1.8 < _calls(800) / _calls(400) < 2.2
