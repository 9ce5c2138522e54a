"""Terms of payment that contradict each other are faults, each with what would be right."""

import pytest

from domain.model.programme import load
from domain.model.programme.loading import load_with_warnings
from tests.model.programme.mistakes import faults_of

CLUB = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets:
  - {code: points, name: Points, pay: TERMS}
  - {code: credit, name: Credit, kind: money, pay: MONEY}
"""


def club(terms: str, money: str = "{share: 80}") -> str:
    return CLUB.replace("TERMS", terms).replace("MONEY", money)


@pytest.mark.parametrize(
    ("terms", "path", "message", "remedy"),
    [
        (
            "{units: 100, worth: 75, step: 50}",
            "wallets[0].pay.step",
            "50 units are worth 37.5 minor units, not a whole number",
            "write step: 52, or another multiple of 4",
        ),
        (
            "{units: 100, worth: 500, minimum: 250}",
            "wallets[0].pay.minimum",
            "250 is no multiple of the step, 100",
            "write minimum: 300",
        ),
        (
            "{units: 3, worth: 1, step: 3, minimum: 4}",
            "wallets[0].pay.minimum",
            "4 is no multiple of the step, 3",
            "write minimum: 6",
        ),
        ("{worth: 500}", "wallets[0].pay.units", "units is missing", "add units: 100, of the wallet"),
        ("{units: 100}", "wallets[0].pay.worth", "worth is missing", "add worth: 500, in minor units"),
        (
            "true",
            "wallets[0].pay",
            "says not how members pay",
            "write {units: 100, worth: 500}, or false",
        ),
    ],
)
def test_terms_that_do_not_work_out_are_faults(terms: str, path: str, message: str, remedy: str) -> None:
    (fault,) = faults_of(club(terms))
    assert (fault.path, fault.message, fault.remedy) == (path, message, remedy)


@pytest.mark.parametrize("share", ["0", "101", "50.5", '"half"'])
def test_a_share_is_a_whole_percentage(share: str) -> None:
    (fault,) = faults_of(club(f"{{units: 100, worth: 500, share: {share}}}"))
    assert fault.path == "wallets[0].pay.share"
    assert fault.remedy


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (club("{units: 1, worth: 20000}"), "wallets[0].pay.worth"),
        (club("false", "{units: 1, worth: 100}"), "wallets[1].pay.worth"),
    ],
)
def test_a_worth_that_is_probably_a_mistake_is_warned_of(text: str, path: str) -> None:
    warnings = load_with_warnings(text).warnings
    assert [one.path for one in warnings if ".pay" in one.path] == [path]


def test_money_pays_one_for_one_and_points_do_not_pay_without_terms() -> None:
    programme = load(club("false"))
    money = programme.wallet("credit").pay_terms
    assert money is not None
    assert (money.units, money.worth, money.whole_step, money.least_units, money.share) == (1, 1, 1, 1, 80)
    assert programme.wallet("points").pay_terms is None
    bare = load(CLUB.replace(", pay: TERMS", "").replace(", pay: MONEY", ""))
    assert [spec.pay_terms is not None for spec in bare.wallets] == [False, True]
    assert load(club("{units: 100, worth: 500}", "false")).wallet("credit").pay_terms is None


def test_nobody_pays_with_a_hidden_wallet() -> None:
    hidden = CLUB.replace("kind: money, pay: MONEY", "kind: money, hidden: true").replace("TERMS", "false")
    assert load(hidden).wallet("credit").pay_terms is None
    (fault,) = faults_of(hidden.replace("hidden: true", "hidden: true, pay: {share: 50}"))
    assert (fault.path, fault.remedy) == ("wallets[1].pay", "remove pay, or hidden")
