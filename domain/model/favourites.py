"""`favourite([...])` in expressions: the one function of the programme file's own.

Its categories are written out, so that what it answers is found when the member's values are built, and kept
with a purchase's facts as they are. Before the engine compiles an expression each call is replaced by
`member.favourite["..."]`, where the text names its categories.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Mapping

from domain.model.fault_text import FaultText

NAME = "favourite"


class FavouriteMalformed(ValueError):
    """Raised where a favourite has no list of texts. `remedy` is what to write instead."""

    def __init__(self, texts: list[str]) -> None:
        self.message = FaultText("favourite takes a list that is written out")
        example = json.dumps(texts or ["latte", "tea"], ensure_ascii=False)
        self.remedy = FaultText("write favourite({example})", example=example)
        super().__init__(self.message)


def expand_favourites(source: str, tokens: re.Pattern[str]) -> tuple[str, Mapping[str, tuple[str, ...]]]:
    """Return the source with each `favourite([...])` as a value of the member, and the categories of each by
    the name of that value. `tokens` is the pattern that tells the tokens of an expression apart.
    """
    if NAME not in source:
        return source, {}
    parts = [match for match in tokens.finditer(source) if match.lastgroup != "space"]
    pieces, known, copied = list[str](), dict[str, tuple[str, ...]](), 0
    for index, match in enumerate(parts):
        if match.lastgroup != "name" or match.group() != NAME:
            continue
        begin = _begin(parts, index)
        if begin is None:
            continue
        categories, end = _categories(parts, index + 1)
        key = json.dumps(categories, ensure_ascii=False)
        known[key] = categories
        pieces += [source[copied:begin], f"member.favourite[{json.dumps(key, ensure_ascii=False)}]"]
        copied = end
    return "".join([*pieces, source[copied:]]), known


def _begin(parts: list[re.Match[str]], index: int) -> int | None:
    """Return where a call begins, with the `member.` that may stand before it; None where the name is a field
    of something else, such as of an event's data.
    """
    if index == 0 or parts[index - 1].group() != ".":
        return parts[index].start()
    is_member = index > 1 and parts[index - 2].group() == "member"
    is_whole = index < 3 or parts[index - 3].group() != "."
    return parts[index - 2].start() if is_member and is_whole else None


def _categories(parts: list[re.Match[str]], at: int) -> tuple[tuple[str, ...], int]:
    """Return the texts of the list in brackets that begins here, and where it ends in the source."""
    texts = list[str]()
    signs = list[str]()
    for match in parts[at:]:
        if match.lastgroup == "text":
            texts.append(str(literal_eval(match.group())))
            signs.append("text")
        else:
            signs.append(match.group())
        if match.group() == ")":
            break
    inner = signs[2:-2]
    is_list = signs[:2] == ["(", "["] and signs[-2:] == ["]", ")"] and inner[::2] == ["text"] * len(texts)
    if not is_list or not texts or set(inner[1::2]) - {","}:
        raise FavouriteMalformed(texts)
    return tuple(texts), match.end()
