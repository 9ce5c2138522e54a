"""Staff find a customer who has no card with them: by the last digits of a phone or a membership number, or
by the beginning of a name.

An index finds what a stored token holds: the last four digits, or up to six letters of a word. What was typed
beyond that is compared with those members, at most `MOST_COMPARED` of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.model.people import search_words
from domain.services.errors import InvalidInput
from domain.services.runtime import Runtime
from domain.store.ledger import members
from domain.store.ledger.members import MemberHint

MOST_MATCHES = 20
MOST_COMPARED = 200
LONGEST_TEXT = 100
TRUNK_DIGITS = 8  # a number of so many digits may begin with what is dialled at home alone


async def find_customers(
    runtime: Runtime, *, last_digits: str | None, name_begins: str | None, first: int
) -> list[MemberHint]:
    """Return the first customers, by name, who have both: these last digits, and a name that begins so.

    Raises InvalidInput.
    """
    if not 1 <= first <= MOST_MATCHES:
        raise InvalidInput("first", f"Ask for 1 to {MOST_MATCHES}.")
    name_token = _read_name(name_begins)
    if last_digits is not None:
        matches = await _find_by_digits(runtime, _read_digits(last_digits))
    elif name_token is None:
        raise InvalidInput("nameBegins", "Give the last digits of a number, or the beginning of a name.")
    else:
        is_whole = name_token == f"n:{''.join(search_words.words_of(name_begins or ''))}"
        most = first if is_whole else MOST_COMPARED
        matches = await members.find_by_token(runtime.store, name_token, first=most)
    if name_begins is not None:
        matches = [each for each in matches if search_words.begins_with(each.name, name_begins)]
    return sorted(matches, key=lambda each: (search_words.fold(each.name), each.number))[:first]


def _read_name(name_begins: str | None) -> str | None:
    if name_begins is None:
        return None
    token = search_words.name_token(name_begins) if len(name_begins) <= LONGEST_TEXT else None
    if token is None:
        raise InvalidInput("nameBegins", "Give at least the first two letters of a name.")
    return token


def _read_digits(last_digits: str) -> str:
    digits = search_words.digits_of(last_digits) if len(last_digits) <= LONGEST_TEXT else ""
    if len(digits) < search_words.LAST_DIGITS:
        raise InvalidInput("lastDigits", "Give at least the last four digits of a number.")
    return digits


async def _find_by_digits(runtime: Runtime, digits: str) -> list[MemberHint]:
    """Return the members whose phone or number ends so: two commands."""
    by_phone = await members.find_by_token(
        runtime.store, search_words.phone_token(digits), first=MOST_COMPARED
    )
    by_number = await members.find_by_number_end(
        runtime.store, digits[-search_words.LAST_DIGITS :], first=MOST_COMPARED
    )
    return list({each.id: each for each in _ending(digits, [*by_phone, *by_number])}.values())


def _ending(digits: str, matches: Iterable[MemberHint]) -> Iterable[MemberHint]:
    national = digits.lstrip("0") if len(digits) >= TRUNK_DIGITS else digits
    return (
        each
        for each in matches
        if each.number.endswith(digits) or (each.phone or "").removeprefix("+").endswith((digits, national))
    )
