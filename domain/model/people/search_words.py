"""Words by which staff find a member: beginnings of the words of a name, and the last digits of a phone.

They are stored as whole tokens, so that an index finds each by equality, with members of any number. A longer
text is found by as much of it as tokens hold; the rest is compared with the member. Letters are compared
without accents and in one case, since a till's keyboard has not everybody's letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

SHORTEST, LONGEST = 2, 6  # letters of a beginning that have a token
LAST_DIGITS = 4
MOST_WORDS = 5

# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_WORD = re.compile(r"[^\W_]+")
_NO_DIGIT = re.compile(r"[^0-9]")


def fold(text: str) -> str:
    """Return a text without accents and in one case."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_LETTERS)


def words_of(text: str) -> list[str]:
    """Return the words of a text, folded."""
    return _WORD.findall(fold(text))


def digits_of(text: str) -> str:
    """Return the digits of a text."""
    return _NO_DIGIT.sub("", text)


def begins_with(name: str, beginning: str) -> bool:
    """Tell whether each word of a beginning begins a word of a name."""
    words = words_of(name)
    return all(any(word.startswith(part) for word in words) for part in words_of(beginning))


def name_token(beginning: str) -> str | None:
    """Return the token of the longest word of a beginning; None where no word has two letters."""
    longest = max(words_of(beginning), key=len, default="")
    return f"n:{longest[:LONGEST]}" if len(longest) >= SHORTEST else None


def phone_token(digits: str) -> str:
    """Return the token of a phone's last digits."""
    return f"d:{digits[-LAST_DIGITS:]}"


def search_tokens(name: str, phone: str | None) -> list[str]:
    """Return the tokens of a member: each once, those of the first five words of their name."""
    return sorted({*_name_tokens(words_of(name)[:MOST_WORDS]), *([phone_token(phone)] if phone else [])})


def _name_tokens(words: Iterable[str]) -> set[str]:
    return {f"n:{word[:length]}" for word in words for length in range(SHORTEST, min(len(word), LONGEST) + 1)}
