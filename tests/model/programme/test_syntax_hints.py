"""Common mistakes of syntax are explained in plain words: what is written, on which line, and what would be
right.
"""

from typing import Final

import pytest

from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.parsing import parse_yaml
from domain.model.programme.syntax_hints import expression_hint
from tests.model.programme.mistakes import CLUB, faults_of

_INDENT: Final = (
    "indent it as its neighbours, write items as - and a space, and key: value with a space after the colon"
)
_QUOTED: Final = "a text with a colon, comma, quote, brace or # goes in quotes"
_NO_YAML: Final = {
    "a tab": ("a:\n\t- b", "line 2: file: a tab stands here -> write spaces instead of the tab"),
    "a percent sign": ("a: %b", "line 1: file: no text begins with % here -> put the text in quotes"),
    "an exclamation mark": ("a: !é", "line 1: file: no text begins with ! here -> put the text in quotes"),
    "a colon in a text": (
        "a: b: c",
        (
            "line 1: file: a colon stands where none fits -> put a text with a colon in quotes; else indent"
            " as its neighbours are"
        ),
    ),
    "a line too far left": (
        "a:\n  b: 1\n c: 2",
        f"line 3: file: this line does not fit under what begins on line 1 -> {_INDENT}",
    ),
    "a dash without a space": (
        "a:\n  - b: 1\n  -c: 2",
        f"line 3: file: this line does not fit under what begins on line 2 -> {_INDENT}",
    ),
    "a bracket too many": (
        "a: {b: 1}}",
        f"line 1: file: a bracket or a comma too many stands here -> remove it; {_QUOTED}",
    ),
    "a text that begins with a quoted word": (
        'a: "b" in c',
        (
            'line 1: file: something follows the end of a text -> put all of it in quotes: \'"vip" in'
            " member.tags'"
        ),
    ),
    "a bracket left open": (
        "a: {b: 1\nc: 2",
        f"line 2: file: the bracket of line 1 is not closed before this -> add what is missing; {_QUOTED}",
    ),
    "a comma too many": ("a: {b: 1,, c: 2}", "line 1: file: a comma too many stands here -> remove it"),
    "a colour without quotes": (
        "a:\n  - {b: #c9a227}\n  - {b: 1}",
        (
            "line 3: file: a value is missing, or a bracket above is not closed -> add what is missing;"
            f" {_QUOTED}"
        ),
    ),
    "no space after the colon": (
        "a: 1\nb:2\nc: 3",
        "line 2: file: this line has no key -> write key: value, with a space after the colon",
    ),
    "a backslash": (
        'a: "\\p"',
        "line 1: file: a backslash stands in a text -> write it twice, or put the text in single quotes",
    ),
    "a quote left open": (
        'a: 1\nb: "x\nc: 2',
        "line 2: file: a quote opens here and is never closed -> close it",
    ),
}


@pytest.mark.parametrize(("text", "message"), _NO_YAML.values(), ids=_NO_YAML)
def test_what_is_no_yaml_is_told_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(ProgrammeInvalid) as raised:
        parse_yaml(text)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ('event.data.room = "suite"', "write == to compare; a single = is none"),
        ('member.tier == "a" and member.referrals > 1', "write && for and, || for or, ! for not"),
        ("member.referrals <> 1", "write != for: is not"),
        ("member.referrals => 1", "write >= and <="),
        ("member.tier == “a”", 'write straight quotes: "..."'),
        ("purchase.total >= 25 EUR", "write the bare number; money in minor units, 2500 for 25.00"),
        (
            'member.tier == "a = b and c" &&',
            "mend the expression; conditions are CEL, such as purchase.total >= 2500",
        ),
    ],
)
def test_an_expression_in_another_language_is_told_what_this_one_writes(source: str, remedy: str) -> None:
    assert expression_hint(source) == remedy


def test_an_item_without_its_dash_is_told_so() -> None:
    (fault,) = faults_of(CLUB.replace("    holdout: 10\n", "    holdout: 10\n    holdout: 10\n"))
    assert fault.remedy == "keep one of them, or begin the next item with a dash: - code: ..."


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        (
            "multiplier: 1.25",
            "multiplier: 1,25",
            "write a point for the decimals, and nothing between thousands: 1.25 and 2500",
        ),
        (
            "holdout: 10",
            "holdout: 10.5",
            "write a whole number without quotes or signs; money in minor units, such as 499 for 4.99",
        ),
        ("currency: EUR", "currency: eur", "write its ISO 4217 code in capitals, such as EUR"),
        ("Europe/Lisbon", "GMT-3", "write an IANA name, such as Europe/Lisbon"),
        (
            "locales: [en, pt]",
            "locales: pt",
            "write a list: [one, two], or each on a line of its own after a dash and a space",
        ),
    ],
)
def test_each_remedy_fits_its_slip(old: str, new: str, remedy: str) -> None:
    assert CLUB.count(old) == 1
    assert remedy in [fault.remedy for fault in faults_of(CLUB.replace(old, new))]


def test_a_field_declared_with_a_kind_that_is_none_is_one_fault_however_often_it_is_named() -> None:
    old = "minutes: int"
    assert CLUB.count(old) == 1
    faults = faults_of(CLUB.replace(old, "minutes: number"))
    assert [fault.path for fault in faults] == ["events[0].data.minutes"]
