"""Amounts in pages have the decimals that the server counts by, whatever a browser thinks of a currency."""

from __future__ import annotations

from babel.numbers import get_currency_precision, list_currencies
from playwright.sync_api import Page

DECIMALS = """async (codes) => {
  const { digitsOf } = await import("/shared/currencies.js");
  return codes.map(digitsOf);
}"""
AMOUNTS = """async (currency) => {
  const words = await import("/shared/words.js");
  const { counted, money } = await import("/shared/format.js");
  const { parseMoney, plainMoney } = await import("/shared/typed-amounts.js");
  await words.speak(["en"], async () => ({}), "en");
  const whole = parseMoney("12500", currency);
  return [whole, parseMoney("12500.5", currency), money(whole, currency), plainMoney(whole, currency),
    counted(whole, { currency })].map((each) => `${each}`.replace(/[\\u00a0\\u202f]/g, " "));
}"""


def test_each_currency_has_the_decimals_of_the_server(page: Page, pages_url: str) -> None:
    page.goto(f"{pages_url}/phone/")
    codes = sorted(list_currencies())
    assert len(codes) > 200
    decimals = dict(zip(codes, page.evaluate(DECIMALS, codes), strict=True))
    assert decimals == {code: get_currency_precision(code) for code in codes}


def test_an_amount_typed_is_the_amount_that_is_shown_and_sent(page: Page, pages_url: str) -> None:
    """Chromium knows no decimals of forints, where the server has two."""
    page.goto(f"{pages_url}/phone/")
    assert page.evaluate(AMOUNTS, "HUF") == ["1250000", "1250050", "HUF 12,500.00", "12500.00", "HUF 12,500"]
    assert page.evaluate(AMOUNTS, "JPY") == ["12500", "null", "JP¥12,500", "12500", "JP¥12,500"]
    assert page.evaluate(AMOUNTS, "KWD") == [
        "12500000",
        "12500500",
        "KWD 12,500.000",
        "12500.000",
        "KWD 12,500",
    ]
