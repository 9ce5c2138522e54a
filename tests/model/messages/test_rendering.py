"""Texts with their placeholders filled: amounts, numbers and days are written as in the reader's language."""

import pytest

from domain.model.messages.rendering import MessageSubject, Recipient, money, outline, render
from domain.model.programme import load
from tests.small_runtime import NUMISCOLLECT

PROGRAMME = load(NUMISCOLLECT.read_text())
NBSP = "\N{NO-BREAK SPACE}"


def rendered_message(
    code: str, event: str, event_data: dict[str, object], locale: str, balance: int = 0
) -> tuple[str, str, str | None]:
    subject = MessageSubject(event, event_data, balance)  # type: ignore[arg-type]
    words = render(PROGRAMME, PROGRAMME.message(code), subject, Recipient("Ana", "1234-5", locale))
    return words.title, words.body, words.link


@pytest.mark.parametrize(
    ("locale", "title", "body"),
    [
        ("pt", "12\N{NO-BREAK SPACE}500 pontos expiram", "Até 31 de março de 2026."),
        ("en", "12,500 points expire", "Through 31 March 2026."),
    ],
)
def test_points_and_days_are_written_as_the_reader_does(locale: str, title: str, body: str) -> None:
    rendered = rendered_message(
        "points-expiring",
        "points.expiring",
        {"wallet": "points", "amount": 12500, "on": "2026-03-31"},
        locale,
    )
    assert rendered[:2] == (title, body)


@pytest.mark.parametrize(
    ("code", "locale", "text"),
    [
        ("welcome", "pt", "Bem-vindo, …"),
        ("points-expiring", "en", "… points expire"),
        ("points-expiring", "pl", "Wygasa … punktu"),
        ("cart", "en", "Forgot something?"),
    ],
)
def test_a_list_of_messages_says_what_stays_of_a_title(code: str, locale: str, text: str) -> None:
    assert outline(PROGRAMME.message(code).title, locale) == text


def test_money_is_written_in_its_currency() -> None:
    rendered = rendered_message(
        "points-expiring", "points.expiring", {"wallet": "cashback", "amount": 1250, "on": "2026-03-31"}, "en"
    )
    assert rendered[0] == "€12.50 of your store credit expires"


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (3000, "KWD", "en", f"KWD{NBSP}3.000"),
        (-3000, "KWD", "en", f"-KWD{NBSP}3.000"),
        (3000, "JPY", "en", "JP¥3,000"),
        (3000, "BRL", "pt-BR", f"R${NBSP}30,00"),
    ],
)
def test_minor_units_are_the_currencys_and_letters_stand_apart_from_the_figure(
    minor: int, currency: str, locale: str, text: str
) -> None:
    assert money(minor, currency, locale) == text


def test_names_come_from_the_programme_and_a_link_holds_codes() -> None:
    rendered = rendered_message(
        "reward-unlocked", "reward.unlocked", {"reward": "discount-5"}, "pt", balance=640
    )
    assert rendered == ("5 € de desconto é seu", "Tem 640 pontos.", "app://rewards/discount-5")


def test_a_badge_and_a_tier_are_called_by_name() -> None:
    assert rendered_message("badge-earned", "badge.earned", {"badge": "collector", "level": 2}, "en")[:2] == (
        "New badge: Collector",
        "Level 2.",
    )
    assert (
        rendered_message("tier-up", "tier.changed", {"from": "bronze", "to": "prata", "up": True}, "pt")[0]
        == "Agora é Prata"
    )


def test_what_left_the_programme_is_its_code() -> None:
    assert (
        rendered_message("reward-unlocked", "reward.unlocked", {"reward": "gone"}, "en")[0]
        == "gone is yours to claim"
    )


def test_polish_where_it_is_asked_for_and_the_first_locale_where_there_is_no_other() -> None:
    assert rendered_message("welcome", "member.enrolled", {}, "pl")[0] == "Witaj, Ana"
    rendered = rendered_message(
        "reward-unlocked", "reward.unlocked", {"reward": "gone"}, "pl", balance=1234567
    )
    assert rendered[:2] == ("gone czeka na odbiór", f"Masz 1{NBSP}234{NBSP}567 punktów.")
    assert rendered_message("birthday", "member.birthday", {}, "de")[0] == "Parabéns, Ana"
