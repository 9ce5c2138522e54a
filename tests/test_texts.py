"""The API's own sentences: complete in their languages, with figures as each language writes them."""

import pytest

from api.graphql.engine.audience import preferred_locale
from api.texts import amount_text, number_text
from domain.model.programme import load

NBSP = "\N{NO-BREAK SPACE}"
HEAD = (
    "programme: {{code: c, name: C, currency: EUR, timezone: UTC, locales: [{locales}]}}\nwallets: [{{code:"
    " points, name: P}}]\n"
)


@pytest.mark.parametrize(
    ("locale", "number"), [("en", "12,500"), ("pt", f"12{NBSP}500"), ("pt-BR", "12.500"), ("de", "12,500")]
)
def test_a_figure_is_written_as_the_sentence_around_it(locale: str, number: str) -> None:
    # No sentence of ours is German, so a German reads an English one, in which 12.500 would be twelve and a
    # half.
    assert number_text(12500, locale=locale) == number


def test_an_amount_is_written_as_the_sentence_around_it() -> None:
    assert [amount_text(125000, currency="EUR", locale=locale) for locale in ("de", "pl")] == [
        "€1,250.00",
        f"1{NBSP}250,00{NBSP}€",
    ]


@pytest.mark.parametrize(
    ("locales", "wanted", "locale"),
    [
        ("fr, de", "en,de-DE,de", "de"),
        ("en, pt-BR", "pt", "pt-BR"),
        ("en, pt-BR, pt", "pt-PT", "pt"),
        ("en, pt, pt-BR", "pt-BR", "pt-BR"),
        ("fr, de", "pl", "fr"),
        ("fr, de", "", "fr"),
    ],
)
def test_the_locale_that_a_reader_likes_best_is_found_in_its_language_too(
    locales: str, wanted: str, locale: str
) -> None:
    assert preferred_locale(wanted, load(HEAD.format(locales=locales))) == locale
