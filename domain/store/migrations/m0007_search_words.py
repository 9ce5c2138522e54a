"""Format 7: members hold tokens by which staff find them.

`search` are beginnings of the words of their name and the last digits of their phone, `number_end` the last
digits of their number. Both have an index.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from pymongo import IndexModel

from domain.store.connect import Raw
from domain.store.migrations.steps import StepRun, build_indexes, rewrite_documents

_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_WORD = re.compile(r"[^\W_]+")


async def apply(run: StepRun) -> None:
    """Give each member their tokens, and build the indexes, however long that takes."""
    await rewrite_documents(run, "members", _change, fields=("number", "profile", "number_end"))
    await build_indexes(run, "members", [IndexModel({"search": 1}), IndexModel({"number_end": 1})])


def _change(member: Raw) -> Raw | None:
    if "number_end" in member:
        return None
    profile: dict[str, Any] = member.get("profile") or {}
    words = _WORD.findall(_fold(profile.get("name") or ""))[:5]
    tokens = {f"n:{word[:length]}" for word in words for length in range(2, min(len(word), 6) + 1)}
    if phone := profile.get("phone"):
        tokens.add(f"d:{phone[-4:]}")
    return {"$set": {"search": sorted(tokens), "number_end": member["number"][-4:]}}


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_LETTERS)
