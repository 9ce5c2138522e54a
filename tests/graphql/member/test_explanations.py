"""Why an amount is what it is, and why there is none: of purchases, refunds and corrections, in each language."""

from pathlib import Path

import pytest

from api.graphql.engine.titles import public_rule, rule_title
from domain.model.programme import load
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import NUMISCOLLECT, Json, RunningApp, open_running_app

REASONS = "explanation { rule title applied wallet amount reason message }"
HISTORY = f"{{ me {{ pointHistory(first: 20) {{ edges {{ node {{ entryKind title wallet amount {REASONS} }} }} }} }} }}"
MINE = f"{{ me {{ purchases(first: 5) {{ edges {{ node {{ externalId {REASONS} }} }} }} }} }}"
RECEIPT = f'{{ purchase(externalId: "R1") {{ {REASONS} }} }}'


async def buy(app: RunningApp, token: str, till: str, total: int, *lines: Json) -> None:
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    purchase: Json = {"member": number, "externalId": "R1", "currency": "EUR", "total": total, "lines": lines}
    recorded = await app.mutate(
        "recordPurchase", {**purchase, "idempotencyKey": "p"}, "__typename", token=till
    )
    assert recorded["__typename"] == "PurchaseRecorded"


async def give_back(app: RunningApp, till: str, **what: object) -> None:
    refund: Json = {"externalId": "R1", "reason": "returned", "idempotencyKey": "r", **what}
    refunded = await app.mutate("refundPurchase", refund, "__typename", token=till)
    assert refunded["__typename"] == "PurchaseRefunded"


async def history(app: RunningApp, token: str, kind: str) -> list[Json]:
    edges = (await app.do(HISTORY, token=token))["me"]["pointHistory"]["edges"]
    return [edge["node"] for edge in edges if edge["node"]["entryKind"] == kind]


async def test_a_purchase_that_earned_nothing_keeps_its_reasons_for_member_and_staff(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    await buy(app, token, till, 99)
    [edge] = (await app.do(MINE, token=token))["me"]["purchases"]["edges"]
    mine = {one["rule"]: one for one in edge["node"]["explanation"]}
    assert mine["purchase"] == {
        "rule": "purchase",
        "title": "1 ponto por cada euro",
        "applied": False,
        "wallet": "points",
        "amount": 0,
        "reason": "rounded_to_zero",
        "message": "pequeno demais para contar",
    }
    assert mine["gold-coins-double"]["reason"] == "during"
    assert (mine["big-basket"]["reason"], mine["stamps-cashback"]["reason"]) == ("when", "nothing_to_count")
    theirs = (await app.do(RECEIPT, token=till, language="pl"))["purchase"]["explanation"]
    assert [(one["rule"], one["reason"]) for one in theirs] == [
        (one["rule"], one["reason"]) for one in edge["node"]["explanation"]
    ]
    assert theirs[0]["title"] == "1 punkt za każde euro"


async def test_the_reasons_of_a_purchase_stay_after_its_refund(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    await buy(app, token, till, 5_000)
    before = (await app.do(RECEIPT, token=till))["purchase"]["explanation"]
    await give_back(app, till)
    assert (await app.do(RECEIPT, token=till))["purchase"]["explanation"] == before
    assert before[0]["amount"] == 50


async def test_a_clawback_says_what_it_took_of_each_rule(app: RunningApp) -> None:
    token, till = await app.enrol_member(), await app.hire("rui")
    await buy(app, token, till, 30_000)
    await give_back(app, till, amount=10_000)
    [entry] = await history(app, token, "CLAWBACK")
    assert (entry["title"], entry["amount"]) == ("Devolução de uma compra", -300)
    taken = [one for one in entry["explanation"] if one["applied"]]
    assert [(one["rule"], one["title"], one["amount"], one["wallet"]) for one in taken] == [
        ("purchase", "1 ponto por cada euro", -100, "points"),
        ("big-basket", "200 pontos acima de 250 €", -200, "points"),
    ]


async def test_a_clawback_says_too_which_rule_stands_now_instead(app: RunningApp) -> None:
    """In November gold coins are worth double; of 250 euros and more the other promotion gives 200."""
    app.clock.advance(days=250)
    token, till = await app.enrol_member(), await app.hire("rui")
    coins: Json = {"sku": "g", "category": "gold-coins", "quantity": 1, "amount": 19_000}
    await buy(app, token, till, 26_000, coins)
    await give_back(app, till, amount=2_000)
    [entry] = await history(app, token, "CLAWBACK")
    taken = {one["rule"]: one["amount"] for one in entry["explanation"] if one["applied"]}
    assert (taken["big-basket"], sum(taken.values())) == (-200, entry["amount"])
    assert taken["gold-coins-double"] > 0


QUIET = """rules:
  - {code: ola, title: {pt: Código da Ola, en: "Ola's code", pl: Kod Oli}, listed: false, on: purchase.completed, when: purchase.total >= 5000, do: [{award: {wallet: points, fixed: 7}}]}
  - {code: tagging, on: purchase.completed, when: purchase.total >= 5000, do: [{tag: big}]}
"""


async def test_a_rule_that_is_not_listed_or_has_no_title_is_told_of_only_where_it_counted(
    app: RunningApp,
) -> None:
    text = NUMISCOLLECT.read_text(encoding="utf-8").replace("rules:\n", QUIET, 1)
    await app.process.programmes.publish(text, now=app.clock())
    for total, quiet in ((4_900, {}), (5_000, {"ola": 7, "tagging": 0})):
        token = await app.enrol_member(locale="en", email=f"of-{total}@example.com")
        till = await app.hire(f"till-{total}")
        number = (await app.do("{ me { number } }", token=token))["me"]["number"]
        purchase: Json = {"member": number, "externalId": f"R{total}", "currency": "EUR", "total": total}
        shown = f"__typename ... on PurchaseRecorded {{ entries {{ {REASONS} }} {REASONS} }}"
        bought = {**purchase, "idempotencyKey": f"p{total}"}
        recorded = await app.mutate("recordPurchase", bought, shown, token=till)
        mine = (await app.do(MINE, token=token))["me"]["purchases"]["edges"][0]["node"]["explanation"]
        of_entry = [one for entry in await history(app, token, "AWARD") for one in entry["explanation"]]
        # A rule without a title gives nothing, and its code is nothing to read: staff alone are told.
        told_members = {rule: amount for rule, amount in quiet.items() if rule != "tagging"}
        for outcomes, expected in ((mine, told_members), (recorded["explanation"], quiet)):
            named = {one["rule"]: one["amount"] for one in outcomes}
            assert {rule: named[rule] for rule in ("ola", "tagging") if rule in named} == expected
        assert all(one["applied"] for one in of_entry if one["rule"] in ("ola", "tagging"))
        assert ("big-basket", "when") in [(one["rule"], one["reason"]) for one in of_entry]


PARTED = """
programme: {code: parted, name: Parted, currency: EUR, timezone: Europe/Lisbon, locales: [en], terms: {version: "2026-01", url: "https://parted.example"}}
wallets: [{code: points, name: Points}]
rules:
  - {code: one, title: One point, on: purchase.completed, best_of: most, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}
  - {code: two, title: Two points, on: purchase.completed, best_of: most, do: [{award: {wallet: points, amount: 2, per: 100, of: purchase.total}}]}
  - {code: tomorrow, title: A day after, on: purchase.completed, after: {days: 1}, do: [{award: {wallet: points, fixed: 5}}]}
  - {code: tested, title: Tested, on: purchase.completed, holdout: 100, do: [{award: {wallet: points, fixed: 9}}]}
  - {code: thanks, title: Thanks, on: purchase.completed, do: [{message: thanks}]}
  - {code: SECRET10, on: purchase.completed, do: [{tag: ten}]}
messages: [{code: thanks, title: Thanks, body: Thanks}]
"""


async def test_members_read_reasons_in_parts_of_rules_that_give_and_staff_of_all(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    file = tmp_path / "parted.yaml"
    file.write_text(PARTED, encoding="utf-8")
    parts = "explanation { rule title amount why { kind outdoneBy at } }"
    async with open_running_app(database, command_log, tmp_path, programme=file) as app:
        token, till = await app.enrol_member(locale="en"), await app.hire("rui")
        await buy(app, token, till, 1_000)
        query = f"{{ me {{ purchases {{ edges {{ node {{ {parts} }} }} }} }} }}"
        mine = (await app.do(query, token=token))["me"]["purchases"]["edges"][0]["node"]["explanation"]
        theirs = (await app.do(f'{{ purchase(externalId: "R1") {{ {parts} }} }}', token=till))["purchase"]
    no_part = {"outdoneBy": None, "at": None}
    outdone = {"kind": "BEST_OF", "outdoneBy": "Two points", "at": None}
    later = {"kind": "LATER", "outdoneBy": None, "at": "2026-03-03T10:00:00.000Z"}
    assert mine == [
        {"rule": "one", "title": "One point", "amount": 0, "why": outdone},
        {"rule": "two", "title": "Two points", "amount": 20, "why": None},
        {"rule": "tomorrow", "title": "A day after", "amount": 0, "why": later},
    ]
    assert [one for one in theirs["explanation"] if one not in mine] == [
        {"rule": "tested", "title": "Tested", "amount": 0, "why": {"kind": "HOLDOUT", **no_part}},
        {"rule": "thanks", "title": "Thanks", "amount": 0, "why": None},
        {"rule": "SECRET10", "title": "SECRET10", "amount": 0, "why": None},
    ]


GIVING = """
programme: {code: giving, name: Giving, currency: EUR, timezone: Europe/Lisbon, locales: [pt, en, pl], terms: {version: "2026-01", url: "https://giving.example"}}
wallets: [{code: points, kind: points, name: {pt: Pontos, en: Points, pl: Punkty}, debt: allow}]
rules:
  - {code: purchase, title: {pt: Um ponto, en: One point, pl: Jeden punkt}, on: purchase.completed, do: [{award: {wallet: points, amount: 1, per: 100, of: purchase.total}}]}
  - {code: promoted, title: {pt: Subida, en: Promoted, pl: Awans}, on: tier.changed, when: event.data.up, qualifying: false, limit: {times: 1, per: year}, do: [{award: {wallet: points, fixed: 70}}]}
  - {code: fee, title: {pt: Taxa, en: Fee, pl: Opłata}, on: purchase.completed, do: [{deduct: {wallet: points, fixed: 5}}]}
tiers:
  count: {wallet: points}
  window: calendar_year
  ladder:
    - {code: base, name: {pt: Base, en: Base, pl: Baza}, from: 0}
    - {code: gold, name: {pt: Ouro, en: Gold, pl: Złoto}, from: 100}
badges:
  - {code: first, name: {pt: Primeira, en: First, pl: Pierwszy}, on: purchase.completed, do: [{award: {wallet: points, fixed: 30}}]}
"""


@pytest.mark.parametrize(
    ("locale", "titles"),
    [
        (
            "en",
            {"Refund of a purchase": -100, "Taken back: Badge: First": -30, "Taken back: Level: Gold": -70},
        ),
        (
            "pt",
            {
                "Devolução de uma compra": -100,
                "Retirado: Emblema: Primeira": -30,
                "Retirado: Nível: Ouro": -70,
            },
        ),
        ("pl", {"Zwrot zakupu": -100, "Cofnięto: Odznaka: Pierwszy": -30, "Cofnięto: Poziom: Złoto": -70}),
    ],
)
async def test_what_a_purchase_gave_beside_is_named_when_it_is_taken_back(
    database: Database, command_log: CommandLog, tmp_path: Path, locale: str, titles: dict[str, int]
) -> None:
    programme = tmp_path / "giving.yaml"
    programme.write_text(GIVING, encoding="utf-8")
    async with open_running_app(database, command_log, tmp_path, programme=programme) as app:
        token, till = await app.enrol_member(locale=locale), await app.hire("rui")
        await buy(app, token, till, 10_000)
        await give_back(app, till)
        entries = await history(app, token, "CLAWBACK")
        assert {entry["title"]: entry["amount"] for entry in entries} == titles
        reasons = [one for entry in entries for one in entry["explanation"] if one["applied"]]
        assert {one["rule"]: one["amount"] for one in reasons} == {
            "purchase": -100,
            "badge:first": -30,
            "tier:gold": -70,
        }
        assert sum(one["amount"] for one in reasons) == sum(titles.values())
        [returned] = await history(app, token, "RETURN")
        deduction = {"en": "A deduction taken back", "pt": "Dedução anulada", "pl": "Cofnięte potrącenie"}
        assert (returned["title"], returned["amount"]) == (deduction[locale], 5)


@pytest.mark.parametrize(
    ("locale", "title"), [("en", "Correction: "), ("pt", "Correção: "), ("pl", "Korekta: ")]
)
async def test_a_correction_says_what_its_manager_wrote(app: RunningApp, locale: str, title: str) -> None:
    token, boss = await app.enrol_member(locale=locale), await app.hire("boss", "MANAGER")
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    correction: Json = {"member": number, "wallet": "points", "amount": 40, "reason": "a missing receipt"}
    shown = f"__typename ... on BalanceAdjusted {{ entry {{ {REASONS} }} }}"
    told = await app.mutate(
        "adjustBalance", {**correction, "idempotencyKey": "a"}, shown, token=boss, language=locale
    )
    [entry] = await history(app, token, "ADJUST")
    expected = {
        "rule": "balance.adjusted",
        "title": f"{title}a missing receipt",
        "applied": True,
        "wallet": "points",
        "amount": 40,
        "reason": None,
        "message": None,
    }
    assert entry["explanation"] == told["entry"]["explanation"] == [expected]


# ---------------------------------------------------------------- titles of what gave

PROGRAMME = load(NUMISCOLLECT.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "code", "titles"),
    [
        (
            "badge:collector",
            "badge:collector",
            ("Badge: Collector", "Emblema: Colecionador", "Odznaka: Kolekcjoner"),
        ),
        (
            "badge:collector:10",
            "badge:collector",
            ("Badge: Collector", "Emblema: Colecionador", "Odznaka: Kolekcjoner"),
        ),
        ("tier:ouro", "tier:ouro", ("Level: Gold", "Nível: Ouro", "Poziom: Złoto")),
        ("tier:ouro#7", "tier:ouro", ("Level: Gold", "Nível: Ouro", "Poziom: Złoto")),
        (
            "segment:lapsing",
            "segment:lapsing",
            ("An offer for you", "Uma oferta para si", "Oferta dla Ciebie"),
        ),
        ("raised:0:welcome", "welcome", ("Welcome", "Boas-vindas", "Na powitanie")),
        ("raised:0", None, ("Refund of a purchase", "Devolução de uma compra", "Zwrot zakupu")),
        ("rule:welcome", "welcome", ("Welcome", "Boas-vindas", "Na powitanie")),
        (
            "referral:friend",
            "referral:friend",
            ("Joined by an invitation", "Aderiu por convite", "Dołączenie z zaproszenia"),
        ),
        (
            "referral:5f3a9c",
            "referral:referrer",
            ("A friend you invited", "Um amigo que convidou", "Zaproszony znajomy"),
        ),
        ("badge:gone:1", "badge:gone", ("An earlier offer", "Uma oferta anterior", "Wcześniejsza oferta")),
        ("tier:gone", "tier:gone", ("An earlier offer", "Uma oferta anterior", "Wcześniejsza oferta")),
    ],
)
def test_the_source_of_a_gift_has_a_title_and_no_raw_code(
    source: str, code: str | None, titles: tuple[str, str, str]
) -> None:
    assert public_rule(source) == code
    assert tuple(rule_title(PROGRAMME, source, locale) for locale in ("en", "pt", "pl")) == titles


def test_an_unlocked_reward_is_named_by_its_title() -> None:
    reward = PROGRAMME.rewards[0]
    assert (
        rule_title(PROGRAMME, f"reward:{reward.code}", "en")
        == f"Reward unlocked: {reward.title.for_locale('en')}"
    )


async def test_what_counted_of_a_receipt_is_said_so_that_the_points_can_be_worked_out(
    database: Database, command_log: CommandLog, tmp_path: Path
) -> None:
    basis = "explanation { rule applied amount basis }"
    mine = f"{{ me {{ purchases(first: 5) {{ edges {{ node {{ externalId {basis} }} }} }} }} }}"
    entries = f"{{ me {{ pointHistory(first: 2) {{ edges {{ node {{ amount {basis} }} }} }} }} }}"
    card: Json = {"sku": "card", "category": "gift-card", "quantity": 1, "amount": 2_580}
    coin: Json = {"sku": "coin", "category": "silver-coins", "quantity": 1, "amount": 3_900}
    async with open_running_app(database, command_log, tmp_path, programme=NUMISCOLLECT) as app:
        token, till = await app.enrol_member(locale="en"), await app.hire("rui")
        number = (await app.do("{ me { number } }", token=token))["me"]["number"]
        for receipt, lines, total in (("A", [], 100_000), ("B", [coin, card], 6_480)):
            purchase: Json = {"member": number, "externalId": receipt, "currency": "EUR", "total": total}
            asked = {**purchase, "lines": lines, "idempotencyKey": receipt}
            await app.mutate("recordPurchase", asked, "__typename", token=till)
        nodes = [edge["node"] for edge in (await app.do(mine, token=token))["me"]["purchases"]["edges"]]
        newest = (await app.do(entries, token=token))["me"]["pointHistory"]["edges"]
    by_receipt = {node["externalId"]: node["explanation"] for node in nodes}
    told = {key: [each for each in some if each["basis"]] for key, some in by_receipt.items()}
    first = {"rule": "purchase", "applied": True, "amount": 1_000, "basis": "1 for each €1.00 of €1,000.00"}
    counted = "1 for each €1.00 of €39.00; €64.80 in all, and this does not count: gift-card"
    second = {
        "rule": "purchase",
        "applied": True,
        "amount": 48,
        "basis": f"{counted}; 9 more for the tier or plan",
    }
    assert told == {"A": [first], "B": [second]}
    assert {edge["node"]["explanation"][0]["basis"] for edge in newest} == {second["basis"]}
