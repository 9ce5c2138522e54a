"""Every fault of a programme file can be said in each language of the console: found in the source, so that a check
that is added without its words fails here.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Final

import pytest

import domain
from domain.model import fault_text
from domain.model.fault_text import LANGUAGES, FaultText, text_in
from domain.model.programme.drafts.draft_check import check_as_json, check_draft, check_from_json
from tests.model.programme.mistakes import CLUB, faults_of

_ROOT: Final = Path(domain.__file__).parent / "model"
# Where a message and a remedy stand in what holds them; both must be texts of templates.
_PLACES: Final[Mapping[str, tuple[int, int]]] = {
    "Finding": (1, 2),
    "ValueRefused": (0, 1),
    "ExpressionMalformed": (0, 1),
    "MessageMalformed": (0, 1),
    "ProgrammeFault": (2, 3),
    "_Hint": (1, 2),
    "_warning": (1, 2),
    "_unreadable": (1, 2),
}


@dataclass(frozen=True)
class Source:
    """One file of the package, as it stands."""

    name: str
    tree: ast.Module

    @property
    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield node.func.id, node


def sources() -> list[Source]:
    """Return every file in which faults of a programme file are made."""
    paths = [
        *sorted((_ROOT / "programme").rglob("*.py")),
        *(_ROOT / f"{name}.py" for name in ("conditions", "favourites", "message_format")),
    ]
    return [Source(path.name, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


def templates(source: Source) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield each template with the names of its values; None where a table has it without them."""
    for name, call in source.calls:
        if name == "FaultText" and isinstance(call.args[0], ast.Constant):
            names = frozenset(keyword.arg or "**" for keyword in call.keywords)
            yield str(call.args[0].value), names or None


def put_together(source: Source) -> Iterator[str]:
    """Yield what is no template that is written out: an f-string, a sum, a name; and bare words for a fault."""
    for name, call in source.calls:
        if name == "FaultText":
            if len(call.args) != 1 or not (
                isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
            ):
                yield f"{source.name}:{call.lineno}"
            continue
        texts = [call.args[place] for place in _PLACES.get(name, ()) if place < len(call.args)]
        if name in _PLACES:
            texts += [keyword.value for keyword in call.keywords if keyword.arg in ("message", "remedy")]
        for text in texts:
            if _is_put_together(text):
                yield f"{source.name}:{call.lineno}"
    for node in ast.walk(source.tree):
        bound = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if (
            isinstance(node, ast.Assign | ast.AugAssign)
            and isinstance(bound, ast.Name)
            and bound.id in ("message", "remedy")
            and (isinstance(node, ast.AugAssign) or _is_put_together(node.value))
        ):
            yield f"{source.name}:{node.lineno}"


def _is_put_together(text: ast.expr) -> bool:
    return isinstance(text, ast.Constant) or any(
        isinstance(node, ast.JoinedStr | ast.BinOp) for node in _own_nodes(text)
    )


def _own_nodes(text: ast.expr) -> Iterator[ast.AST]:
    """Yield the parts of an argument, without those of calls in it: their arguments are values."""
    yield text
    if not isinstance(text, ast.Call):
        for child in ast.iter_child_nodes(text):
            if isinstance(child, ast.expr):
                yield from _own_nodes(child)


def placeholders(template: str, *, is_filled: bool) -> list[str]:
    """Return the names in braces; of a text without values, what stands in braces, which nobody translates."""
    if is_filled:
        return sorted(name for _, name, _, _ in Formatter().parse(template) if name is not None)
    return sorted(re.findall(r"\{+[^{}]*\}+", template))


def catalogue(language: str) -> Mapping[str, str]:
    path = _ROOT / "fault_words" / f"{language}.json"
    words: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return words


# ---------------------------------------------------------------- the words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_has_its_words_with_the_same_placeholders(language: str) -> None:
    words = catalogue(language)
    written = [(text, names) for source in sources() for text, names in templates(source) if text]
    assert len(written) > 500
    assert [text for text, _ in written if not words.get(text, "").strip()] == []
    assert [
        (text, words[text])
        for text, names in written
        if placeholders(text, is_filled=names is not None)
        != placeholders(words[text], is_filled=names is not None)
    ] == []
    assert sorted(words.keys() - {text for text, _ in written}) == [], "words that no fault needs any more"


def test_a_template_has_the_names_of_its_values() -> None:
    assert [
        (text, names)
        for source in sources()
        for text, names in templates(source)
        if names is not None and names != {name for _, name, _, _ in Formatter().parse(text) if name}
    ] == []


def test_no_text_of_a_fault_is_put_together_elsewhere() -> None:
    assert [place for source in sources() for place in put_together(source)] == []


@pytest.mark.parametrize(
    "code",
    [
        'FaultText(f"{code} is unknown")',
        'FaultText("there is " + code)',
        "FaultText(message)",
        'Finding(path, f"{code} is unknown", FaultText("remove it"))',
        'Finding(path, FaultText("{code} is unknown", code=code), "remove it")',
        'Finding(path, message, remedy + "; or remove it")',
        'Finding(path, FaultText("is unknown") if code else f"{code}", remedy)',
        'ProgrammeFault(line, path, message=f"{code} is unknown", remedy=remedy)',
        'ValueRefused("is unknown", FaultText("remove it"))',
        'message = f"{code} is unknown"',
        'remedy += "; or remove it"',
    ],
)
def test_what_is_put_together_is_found(code: str) -> None:
    assert list(put_together(Source("a.py", ast.parse(code)))) == ["a.py:1"]


def test_values_may_be_put_together() -> None:
    code = 'Finding(path, FaultText("{figure} is much", figure=f"{figure:g}"), FaultText("write less"))'
    source = Source("a.py", ast.parse(code))
    assert list(put_together(source)) == []
    assert list(templates(source)) == [
        ("{figure} is much", frozenset({"figure"})),
        ("write less", None),
    ]


# ---------------------------------------------------------------- what is said

_SAID: Final = {
    "a code that is nowhere": (
        ("award: {wallet: points, amount: 1", "award: {wallet: pointz, amount: 1"),
        {
            "en": "there is no wallet pointz -> did you mean points?",
            "pt": "não há carteira pointz -> queria dizer points?",
            "pl": "nie ma portfela pointz -> czy chodziło o points?",
        },
    ),
    "a value of another kind": (
        ("currency: EUR", "currency: [EUR]"),
        {
            "en": "a list is no text -> write currency: EUR",
            "pt": "uma lista não é um texto -> escreva currency: EUR",
            "pl": "lista to nie jest tekst -> napisz currency: EUR",
        },
    ),
    "a key that is missing": (
        ("currency: EUR", "note: EUR"),
        {
            "en": "currency is missing -> add currency: EUR, or another ISO 4217 code",
            "pt": "falta currency -> junte currency: EUR, ou outro código ISO 4217",
            "pl": "brakuje currency -> dodaj currency: EUR, albo inny kod ISO 4217",
        },
    ),
    "no YAML": (
        ("currency: EUR", "currency: EUR: 5"),
        {
            "en": "a colon stands where none fits -> put a text with a colon in quotes; else indent as its"
            " neighbours are",
            "pt": "há dois pontos onde não cabem -> ponha entre aspas um texto com dois pontos; senão alinhe"
            " como as vizinhas",
            "pl": "dwukropek stoi tam, gdzie nie pasuje -> weź tekst z dwukropkiem w cudzysłów; poza tym"
            " wetnij jak sąsiednie wiersze",
        },
    ),
}


@pytest.mark.parametrize(("change", "said"), _SAID.values(), ids=_SAID)
def test_a_fault_is_said_in_the_language_of_the_reader(
    change: tuple[str, str], said: Mapping[str, str]
) -> None:
    assert change[0] in CLUB
    faults = faults_of(CLUB.replace(*change, 1))
    texts = {
        language: [
            f"{text_in(fault.message, language)} -> {text_in(fault.remedy, language)}" for fault in faults
        ]
        for language in said
    }
    assert {language: said[language] in texts[language] for language in said} == dict.fromkeys(said, True), (
        texts
    )
    assert texts["en"] == [f"{fault.message} -> {fault.remedy}" for fault in faults]


def test_words_within_words_are_of_the_same_language() -> None:
    either = FaultText("{before} or {after}", before="'a', 'b'", after="'c'")
    text = FaultText("write one of {expected}").filled(expected=either)
    assert (text, text_in(text, "pl")) == ("write one of 'a', 'b' or 'c'", "napisz jedno z: 'a', 'b' lub 'c'")
    assert text_in(text, "pt") == "escreva um de 'a', 'b' ou 'c'"
    assert text_in(text, "de") == text, "a language without words reads English"
    assert text_in("{expected} as a library says", "pl") == "{expected} as a library says"


def test_a_value_is_no_template() -> None:
    text = FaultText("there is no event {name}", name="{code}{0}")
    assert text_in(text, "pt") == "não há o evento {code}{0}"


def test_a_check_comes_through_json_whole() -> None:
    text = CLUB.replace("currency: EUR", "currency: [EUR]", 1)
    check = check_draft(text, now=datetime(2026, 12, 1, tzinfo=UTC))
    carried = check_from_json(json.loads(json.dumps(check_as_json(check))))
    assert carried == check
    assert [text_in(each.message, "pl") for each in carried.faults] == [
        text_in(each.message, "pl") for each in check.faults
    ]
    assert text_in(carried.faults[0].message, "pl") == "lista to nie jest tekst"
    sound = check_draft(CLUB, now=datetime(2026, 12, 1, tzinfo=UTC))
    assert check_from_json(json.loads(json.dumps(check_as_json(sound)))) == sound


def test_words_are_read_when_they_are_first_needed_and_once() -> None:
    fault_text._catalogue.cache_clear()
    text = FaultText("remove it")
    assert [text_in(text, language) for language in ("pl", "pl", "pt")] == ["usuń to", "usuń to", "retire-o"]
    assert fault_text._catalogue.cache_info().misses == len(LANGUAGES)
