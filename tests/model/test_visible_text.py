"""What can be seen of a text: blanks make no name, marks at the ends go, newer Unicode is taken, numbers have one
spelling.
"""

import unicodedata

import pytest

from domain.model.visible_text import has_visible, is_hidden, normal_identifier, trimmed

NEWER = "\U00016d43\U00016d44"  # Kirat Rai, of Unicode 16: later than Python 3.13 knows
BLANKS = "\u2800 \u3164 \u115f\u1160 \uffa0 \u034f \u17b4 \U0001d159 \u00ad \u200b \u2060 \ufeff \u202e \u200d \ufe0f \u3000"


@pytest.mark.parametrize(
    "text",
    ["", *BLANKS.split(" "), BLANKS, "\u0301", "\ue000", "\ufdd0", "\ufffe", "\U0010ffff", "\U000e0020"],
)
def test_there_is_nothing_to_see(text: str) -> None:
    assert not has_visible(text)


@pytest.mark.parametrize("text", ["a", "李", "1", "\u2800a", "❤\ufe0f", "क्\u200dष", NEWER, "."])
def test_there_is_something_to_see(text: str) -> None:
    assert has_visible(text)
    assert not any(is_hidden(character) for character in text.removeprefix("\u2800"))


def test_newer_unicode_is_unknown_to_this_python() -> None:
    assert {unicodedata.category(character) for character in NEWER} <= {"Cn", "Lo"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u200eAna\u200f", "Ana"),
        ("\u202a\ufeff Ana \u2060\u202c", "Ana"),
        ("\u3164Ana\u2800", "Ana"),
        ("\u00a0Ana Silva\u3000", "Ana Silva"),
        ("Ana\n", "Ana\n"),
        ("Ana\0", "Ana\0"),
        ("An\u200ea", "An\u200ea"),
        ("Ana ❤\ufe0f", "Ana ❤\ufe0f"),
        ("\u200b" * 1_000, ""),
    ],
)
def test_marks_at_the_ends_go(text: str, shown: str) -> None:
    assert trimmed(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "R-1",
        " R-1",
        "R-1\r\n",
        "\u200eR-1\u200f",
        "R\u200b-1",
        "R\u00ad-1",
        "Ｒ－１",
        "\ufeffR-1\u00a0",
        "R-\ufe0f1",
        "R-1\u3164",
    ],
)
def test_a_number_has_one_spelling(text: str) -> None:
    assert normal_identifier(text) == "R-1"
    assert normal_identifier(normal_identifier(text)) == "R-1"


@pytest.mark.parametrize(
    ("text", "number"), [("r-1", "r-1"), ("R 1", "R 1"), ("R-1\0", "R-1\0"), ("e\u0301", "é")]
)
def test_what_people_tell_apart_stays_apart(text: str, number: str) -> None:
    assert normal_identifier(text) == number
