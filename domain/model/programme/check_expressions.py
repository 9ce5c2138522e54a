"""Expressions: each names what is there, compares with codes that exist, and holds up on sample data.

One that fails only where something is null is sound: at such an event it is false, as the programme's author
may well mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from domain.model.conditions import ROOTS, Expression, ExpressionFailed, Term, terms
from domain.model.programme import samples
from domain.model.programme.faults import Finding, instead
from domain.model.programme.view import Place, View
from domain.model.programme.vocabulary import (
    LINE,
    MEMBER,
    NOW,
    PURCHASE,
    RECORDS,
    WITH_PURCHASE,
    Word,
    event_words,
)

_COMPARED = frozenset({"==", "!=", "in"})
_ELSEWHERE = {
    "purchase": "write it in a rule on purchase.completed",
    "line": "write of: {lines: 'line.category == \"coins\"'}",
    "event": "name what the member is, such as member.purchases.total",
}


def check_expressions(view: View) -> Iterator[Finding]:
    """Find expressions that name what is not there or fail on sample data."""
    for place in view.places:
        data = any(name.startswith("event.data.") for name in place.expression.names)
        if data and view.half_known.intersection(place.events or ()):
            continue  # how the data is declared is a fault of its own, and this only follows from it
        by_event = {
            event: words
            for event in place.events or ("",)
            if (words := _words(view, place, event)) is not None
        }
        # the event itself is unknown, which is a fault of its own: what the member is may be judged all the
        # same
        if not by_event:
            yield from _unnamed(place, {"": MEMBER}, only="member")
            yield from _codes(view, place, {"": MEMBER})
            continue
        if place.line and not any(event in WITH_PURCHASE for event in by_event):
            yield Finding(
                place.path,
                f"{', '.join(by_event)} brings no purchase, so there are no lines",
                "count by an expression instead",
            )
            continue
        unknown = list(_unnamed(place, by_event))
        yield from unknown
        yield from _codes(view, place, by_event)
        if not unknown:
            yield from _tried(place, by_event)


def _words(view: View, place: Place, event: str) -> Mapping[str, Word] | None:
    """Return what an expression may name on an event: over the member alone where it is judged on none."""
    if place.events is None:
        return {**MEMBER, **NOW}
    fields = view.fields(event)
    if fields is None:
        return None
    purchase = PURCHASE if event in WITH_PURCHASE else {}
    line = LINE if place.line and purchase else {}
    return {**MEMBER, **NOW, **event_words(fields), **purchase, **line}


def _unnamed(
    place: Place, by_event: Mapping[str, Mapping[str, Word]], *, only: str | None = None
) -> Iterator[Finding]:
    for name in sorted(place.expression.names):
        if only not in (None, name.partition(".")[0]):
            continue
        if name == "member":
            yield Finding(
                place.path,
                "it names the member as a whole",
                "name what it needs, such as member.tier or member.purchases.total",
            )
        elif not any(_names(words, name) for words in by_event.values()):
            known = {word for words in by_event.values() for word in words}
            yield Finding(place.path, _there(name, place), _meant(name, known))


def _there(name: str, place: Place) -> str:
    root = name.partition(".")[0]
    if place.events is None and root in _ELSEWHERE:
        return f"{root} is not seen here: this is judged over the member alone"
    if root == "line" and not place.line:
        return "line is seen only inside of: {lines: ...} and of: {items: ...}"
    if root == "purchase" and not WITH_PURCHASE.intersection(place.events or ()):
        return f"{', '.join(place.events or ())} brings no purchase"
    return f"there is no {name}" + (
        f" on {', '.join(place.events)}" if name.startswith("event.data.") and place.events else ""
    )


def _meant(name: str, known: set[str]) -> str:
    root = name.partition(".")[0]
    near = {word for word in known if word.partition(".")[0] == root}
    if near:
        return instead(name, near, "remove it")
    begins = f"names begin with one of {', '.join(sorted({word.partition('.')[0] for word in known}))}"
    return _ELSEWHERE.get(root, begins if "." in name else f'{begins}; a text goes in quotes: "{name}"')


def _names(words: Mapping[str, Word], name: str) -> bool:
    """Tell whether a name is a word, a map above words, or one step into a map by code."""
    if name in words:
        return True
    above, _, _ = name.rpartition(".")
    if above in words and words[above].kind == "by_code":
        return True
    return name in RECORDS and any(
        word.startswith(name + ".") for word in (*words, *(("event.data.",) if "event.at" in words else ()))
    )


def _codes(view: View, place: Place, by_event: Mapping[str, Mapping[str, Word]]) -> Iterator[Finding]:
    """Find texts that are compared with a code, and are none."""
    words = {path: word for words in by_event.values() for path, word in words.items()}
    for path, text in _comparisons(place.expression):
        word = words.get(path)
        if word is None or word.codes is None or _borne(view, word.codes, text):
            continue
        remedy = instead(text, view.codes(word.codes), f"add it under {word.codes}")
        yield Finding(
            place.path,
            f"{path} is compared with {text}: there is no such {word.codes.removesuffix('s')}",
            remedy,
        )


def _borne(view: View, section: str, code: str) -> bool:
    """Tell whether a section has a code. A programme that declares no consents may still ask for those of
    before.
    """
    known = view.codes(section)
    return code in known or view.lacks(section) or (section == "consents" and not known)


def _comparisons(expression: Expression) -> Iterator[tuple[str, str]]:
    """Yield each path with each text it is compared with by ==, != and in, or indexed by."""
    found = terms(expression.source)
    for at, term in enumerate(found):
        if term.kind == "path" and term.value.count(".") >= 2:
            above, _, last = term.value.rpartition(".")
            yield above, last
        if term.value in _COMPARED and 0 < at < len(found) - 1:
            left, right = found[at - 1], found[at + 1]
            if left.kind == "text" and right.kind == "path":
                yield right.value, left.value
            elif left.kind == "path" and right.kind == "text":
                yield left.value, right.value
            elif left.kind == "path" and right.value == "[" and term.value == "in":
                yield from ((left.value, text) for text in _listed(found[at + 2 :]))


def _listed(rest: tuple[Term, ...]) -> Iterator[str]:
    for term in rest:
        if term.value == "]" and term.kind == "sign":
            return
        if term.kind == "text":
            yield term.value


def _tried(place: Place, by_event: Mapping[str, Mapping[str, Word]]) -> Iterator[Finding]:
    for event, words in by_event.items():
        if place.line and event not in WITH_PURCHASE:
            continue
        trouble = _trouble(place, words, event)
        if trouble is not None:
            on = f" on {event}" if event and len(by_event) > 1 else ""
            yield Finding(place.path, f"it fails on sample data{on}: {trouble}", _remedy(trouble))
            return


def _trouble(place: Place, words: Mapping[str, Word], event: str) -> str | None:
    """Say why an expression cannot be answered: by the types of its words on any sample, or by anything on
    all of them.

    Words that only other events of its list bring may be missing here, where the expression itself asks which
    event it is.
    """
    complete = all(_names(words, name) for name in place.expression.names)
    answered, last = False, ""
    for context in samples.full(words, place.expression, event):
        try:
            answer = place.expression.value(context)
        except ExpressionFailed as error:
            last = _reason(place.expression, error)
            if error.by_type and complete:
                return last
            continue
        answered = True
        if place.wants == "condition" and not isinstance(answer, bool):
            return f"it answers {_shown(answer)}, not true or false"
        if place.wants == "number" and (isinstance(answer, bool) or not isinstance(answer, int | float)):
            return f"it answers {_shown(answer)}, not a number"
    return None if answered else last


def _reason(expression: Expression, error: ExpressionFailed) -> str:
    text = str(error).removeprefix(f"{expression.source!r}: ")
    first = text.partition(". ")[0].partition(": the operation")[0].rstrip(".")
    undefined = re.match(r"Undefined variable or function: '(\w+)'", first)
    if undefined is not None:
        return (
            f"this event brings no {undefined[1]}"
            if undefined[1] in ROOTS
            else f"there is no function {undefined[1]} for such a value"
        )
    return "these kinds of value do not go together" if first == "No such overload" else first[:160]


def _remedy(trouble: str) -> str:
    if "go together" in trouble or "same" in trouble:
        return "use values of one kind: whole numbers with whole numbers, or double(x) * 1.5; texts in quotes"
    if "not true or false" in trouble:
        return "write a comparison, such as purchase.total >= 2500"
    if "not a number" in trouble:
        return "write a number, such as purchase.total"
    if "brings no" in trouble:
        return 'write event.name == "purchase.completed" && ..., or give each event a rule of its own'
    if "no function" in trouble:
        functions = "size, startsWith, endsWith, contains, matches, int, double, string, timestamp, duration"
        return f'in a list look with "word" in LIST; else write one of {functions}'
    return "mend the part that fails"


def _shown(answer: object) -> str:
    kinds = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a map",
        type(None): "null",
    }
    return kinds.get(type(answer), "a time")
