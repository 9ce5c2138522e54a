"""What of a text can be seen: marks at its ends are dropped, and what nobody sees makes no name, no number.

Python knows the Unicode of its own release. What is newer is taken as visible, unless Unicode has set its
place aside for what is not.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Unassigned, and set aside for characters without a shape of their own, or for no character ever.
_NEVER_VISIBLE: Final = re.compile("[\u2065\ufdd0-\ufdef\ufff0-\ufff8\U000e0000-\U000e0fff]")
_NONCHARACTER_BITS: Final = 0xFFFE
# Letters, marks and symbols by their category, and yet blank: fillers, the empty Braille cell, a null note.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
# Joiners shape some scripts and emoji; alone they are nothing.
_JOINERS: Final = frozenset("\u200c\u200d")
# They choose the shape of the character before them: in a number they tell nothing.
_VARIATIONS: Final = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_VISIBLE_CATEGORIES: Final = frozenset("LNPSC")
_LINE_ENDS: Final = "\t\n\v\f\r\x85"
_OVERRIDES: Final = frozenset("\u202d\u202e")
_CONTROLS: Final = frozenset({"Cc", "Cs"})


def is_hidden(character: str) -> bool:
    """Tell whether a character shows nothing, or changes how others show; spaces and joiners are none."""
    return character in _BLANK or (
        character not in _JOINERS
        and (unicodedata.category(character) in _HIDDEN_CATEGORIES or _is_never_visible(character))
    )


def is_control(character: str) -> bool:
    """Tell whether a character is a control, half of a pair, none at all, or turns a text around."""
    return (
        unicodedata.category(character) in _CONTROLS
        or character in _OVERRIDES
        or _is_never_visible(character)
    )


def has_visible(text: str) -> bool:
    """Tell whether there is anything to see in a text."""
    return any(
        unicodedata.category(character)[0] in _VISIBLE_CATEGORIES
        and not is_hidden(character)
        and character not in _JOINERS
        for character in text
    )


def trimmed(text: str, *, line_ends: bool = False) -> str:
    """Return a text without the spaces and marks at its ends, and without line ends and tabs where wanted.
    Any other control character stays.
    """
    extra = _LINE_ENDS if line_ends else ""
    start, end = 0, len(text)
    while start < end and _is_trimmed(text[start], extra):
        start += 1
    while end > start and _is_trimmed(text[end - 1], extra):
        end -= 1
    return text[start:end]


def normal_identifier(text: str) -> str:
    """Return the one spelling of a number or an identifier that people print, type and copy: NFKC, trimmed,
    without what is not visible. A control character stays.
    """
    if text.isascii() and text.isprintable():  # nearly every receipt: what is below does the same to it
        return text.strip(" ")
    shown = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if character not in _JOINERS and not _is_mark(character) and not _VARIATIONS.match(character)
    )
    return trimmed(unicodedata.normalize("NFKC", shown), line_ends=True)


def _is_trimmed(character: str, extra: str) -> bool:
    return (
        character in extra
        or character in _JOINERS
        or unicodedata.category(character) in ("Zs", "Zl", "Zp")
        or _is_mark(character)
    )


def _is_mark(character: str) -> bool:
    """Tell whether a character is a format character (direction marks, zero-width spaces, BOM) or blank."""
    return character in _BLANK or (unicodedata.category(character) == "Cf" and not _is_tag(character))


def _is_tag(character: str) -> bool:
    """Tell whether a character is a tag, which can hide a whole text: it is refused, not dropped."""
    return 0xE0000 <= ord(character) <= 0xE007F


def _is_never_visible(character: str) -> bool:
    return bool(_NEVER_VISIBLE.match(character)) or ord(character) & _NONCHARACTER_BITS == _NONCHARACTER_BITS
