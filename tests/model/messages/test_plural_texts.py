"""Words that follow a number or a code: the form is that of the text's language, the figure the reader's."""

from decimal import Decimal

import pytest

from domain.model.locales import plural_form
from domain.model.messages.rendering import MessageSubject, Recipient, render
from domain.model.programme import Programme, load
from domain.model.programme.field_types import MAX_TEXT_LENGTH

NBSP = "\N{NO-BREAK SPACE}"
FILE = """
programme: {code: c, name: Club, currency: PLN, timezone: Europe/Warsaw, locales: [pl, pt, en]}
wallets:
  - {code: points, name: {pl: Punkty, pt: Pontos, en: Points}}
  - {code: cash, kind: money, name: {pl: Saldo, pt: Saldo, en: Cash}}
tiers:
  count: {wallet: points}
  window: calendar_year
  ladder: [{code: green, name: {pl: Zielony, pt: Verde, en: Green}, from: 0}, {code: gold, name: Gold, from: 300}]
events: [{name: lesson.taken, title: {pl: Lekcja, pt: Aula, en: Lesson}, data: {lessons: int, online: bool}}]
rules:
  - {code: told, on: [points.awarded, points.expired], do: [{message: awarded}]}
  - {code: moved, on: tier.changed, do: [{message: moved}]}
  - {code: taught, on: lesson.taken, do: [{message: taught}, {message: ranked}]}
messages:
  - code: awarded
    title:
      pl: "Masz {points.amount, plural, one {# punkt} few {# punkty} many {# punktów} other {# punktu}}"
      pt: "Tem {points.amount, plural, one {# ponto} other {# pontos}}"
      en: "You have {points.amount, plural, =0 {no points} one {# point} other {# points}}"
    body: "{member.name}: {member.balance, plural, one {# punkt} few {# punkty} many {# punktów} other {# punktu}}"
  - code: moved
    title:
      pl: "{tier.code, select, gold {Złoto, {member.name}} other {{tier.name}}}"
      pt: "{event.up, select, true {Subiu} other {Desceu}}"
      en: "{event.up, select, true {Up to {tier.name}} other {Down to {tier.name}}}"
  - code: taught
    title: "{event.lessons, plural, one {It''s '{#}'} few {#} many {'#' of #} other {-}}"
    body: "Don't: {event.lessons}, d'{member.name}"
  - code: ranked
    title:
      pl: x
      en: "Your {event.lessons, selectordinal, one {#st} two {#nd} few {#rd} other {#th}} lesson"
"""


@pytest.fixture(scope="module")
def programme() -> Programme:
    return load(FILE)


def title_of(
    programme: Programme, code: str, event: str, event_data: dict[str, object], locale: str, balance: int = 0
) -> tuple[str, str]:
    subject = MessageSubject(event, event_data, balance)  # type: ignore[arg-type]
    rendered = render(programme, programme.message(code), subject, Recipient("Ana", "1", locale))
    return rendered.title, rendered.body


COUNTS = {
    "pl": ["0 punktów", "1 punkt", "2 punkty", "5 punktów", "12 punktów", "22 punkty", f"1{NBSP}000 punktów"],
    "pt": ["0 pontos", "1 ponto", "2 pontos", "5 pontos", "12 pontos", "22 pontos", f"1{NBSP}000 pontos"],
    "en": ["no points", "1 point", "2 points", "5 points", "12 points", "22 points", "1,000 points"],
}


@pytest.mark.parametrize("locale", COUNTS)
def test_each_count_has_the_form_of_its_language(programme: Programme, locale: str) -> None:
    titles = [
        title_of(programme, "awarded", "points.awarded", {"wallet": "points", "amount": amount}, locale)[0]
        for amount in (0, 1, 2, 5, 12, 22, 1000)
    ]
    start = {"pl": "Masz ", "pt": "Tem ", "en": "You have "}[locale]
    assert titles == [f"{start}{words}" for words in COUNTS[locale]]


@pytest.mark.parametrize(
    ("minor", "locale", "title"),
    [
        (150, "pl", f"Masz 1,50{NBSP}zł punktu"),
        (100, "pl", f"Masz 1,00{NBSP}zł punktu"),
        (150, "pt", f"Tem 1,50{NBSP}PLN pontos"),
        (150, "en", "You have PLN\N{NO-BREAK SPACE}1.50 points"),
        (0, "en", "You have no points"),
    ],
)
def test_money_has_the_form_of_its_figure_with_decimals(
    programme: Programme, minor: int, locale: str, title: str
) -> None:
    event_data: dict[str, object] = {"wallet": "cash", "amount": minor}
    assert title_of(programme, "awarded", "points.awarded", event_data, locale)[0] == title


@pytest.mark.parametrize(
    ("value", "forms"),
    [("1.5", ("other", "other", "other")), ("1", ("one", "one", "one")), ("0", ("many", "other", "other"))],
)
def test_a_number_has_the_form_of_its_language(value: str, forms: tuple[str, ...]) -> None:
    assert tuple(plural_form(Decimal(value), locale, "plural") for locale in ("pl", "pt", "en")) == forms


def test_brazilian_portuguese_has_its_own_form_for_zero() -> None:
    assert [plural_form(Decimal(0), locale, "plural") for locale in ("pt", "pt-BR")] == ["other", "one"]


def test_a_text_that_falls_back_keeps_the_forms_of_its_own_language(programme: Programme) -> None:
    event_data: dict[str, object] = {"wallet": "points", "amount": 1}
    bodies = [
        title_of(programme, "awarded", "points.awarded", event_data, "en", balance=balance)[1]
        for balance in (1, 2, 5000)
    ]
    assert bodies == ["Ana: 1 punkt", "Ana: 2 punkty", "Ana: 5,000 punktów"]


@pytest.mark.parametrize(
    ("locale", "to", "up", "title"),
    [
        ("pl", "gold", True, "Złoto, Ana"),
        ("pl", "green", False, "Zielony"),
        ("pt", "gold", True, "Subiu"),
        ("pt", "green", False, "Desceu"),
        ("en", "gone", False, "Down to gone"),
    ],
)
def test_a_code_chooses_words(programme: Programme, locale: str, to: str, up: bool, title: str) -> None:
    assert title_of(programme, "moved", "tier.changed", {"to": to, "up": up}, locale)[0] == title


def test_an_apostrophe_quotes_in_a_text_with_forms_only(programme: Programme) -> None:
    assert title_of(programme, "taught", "lesson.taken", {"lessons": 1}, "pl") == (
        "It's {#}",
        "Don't: 1, d'Ana",
    )
    assert title_of(programme, "taught", "lesson.taken", {"lessons": 5}, "pl")[0] == "# of 5"


def test_a_number_that_is_missing_has_the_other_form(programme: Programme) -> None:
    assert title_of(programme, "taught", "lesson.taken", {}, "pl")[0] == "-"
    assert title_of(programme, "awarded", "points.expired", {}, "en")[0] == "You have  points"


def test_ranks_have_forms_of_their_own(programme: Programme) -> None:
    titles = [
        title_of(programme, "ranked", "lesson.taken", {"lessons": count}, "en")[0]
        for count in (1, 2, 3, 11, 23)
    ]
    assert titles == [f"Your {rank} lesson" for rank in ("1st", "2nd", "3rd", "11th", "23rd")]


def test_what_is_sent_is_bounded() -> None:
    text = "{points.amount, plural, one {1} other {" + "#" * 4900 + "}}"
    file = f"""
programme: {{code: c, name: Club, currency: EUR, timezone: UTC, locales: [en]}}
wallets: [{{code: points, name: Points}}]
rules: [{{code: told, on: points.awarded, do: [{{message: awarded}}]}}]
messages: [{{code: awarded, title: "{text}"}}]
"""
    event_data: dict[str, object] = {"wallet": "points", "amount": 10**9}
    title, _ = title_of(load(file), "awarded", "points.awarded", event_data, "en")
    assert len(title) == MAX_TEXT_LENGTH
    assert title.startswith("1,000,000,0001,000,000,000")
    assert title.endswith("…")
