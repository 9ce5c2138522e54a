"""A hidden wallet counts for the programme, shows in a simulation, and no message speaks of it."""

from tests.model.programme.mistakes import faults_of
from tests.model.simulation_runs import PER_EURO, buy, enrol, programme, rules, run

WALLETS = "wallets: [{code: points, name: P}, {code: status, name: S, hidden: true}]"
STATUS = "{code: status, title: S, on: purchase.completed, do: [{award: {wallet: status, fixed: 60}}]}"
TELL = "{code: tell, title: T, on: points.awarded, limit: {times: 9, per: day}, do: [{message: got}]}"
MESSAGE = "messages: [{code: got, channels: [inbox], title: 'Got {points.amount}', body: B}]"
TIERS = (
    "tiers: {count: {wallet: status}, window: calendar_year, ladder: [{code: basic, name: B, from: 0},"
    " {code: gold, name: G, from: 100}]}"
)


def test_it_counts_and_is_seen_by_the_marketer_alone() -> None:
    p = programme(WALLETS, rules(PER_EURO, STATUS, TELL), TIERS, MESSAGE)
    ran = run(p, enrol(), buy("2026-01-10T10:00", 500), buy("2026-01-11T10:00", 500))
    assert ran.ana["tier"]["code"] == "gold"
    assert ran.ana["wallets"]["status"]["available"] == 120
    assert [row["messages"] for row in ran.on("purchase.completed")] == [["got"], ["got"]]
    assert ran.outcomes("tell")[:2] == [(True, 0, None), (False, 0, "nothing_to_count")]
    assert (p.hidden_wallets, p.hidden_rules) == (frozenset({"status"}), frozenset({"status"}))


def test_what_would_show_it_is_a_fault() -> None:
    first = WALLETS.replace("name: P}", "name: P, hidden: true}")
    first = first.replace("hidden: true}]", "hidden: true, pay: {units: 1, worth: 1}}]")
    rewards = "rewards: [{code: mug, title: M, cost: {wallet: status, amount: 5}}]"
    head = "programme: {code: t, name: T, currency: EUR, timezone: Europe/Lisbon, locales: [en]}"
    found = [(fault.path, fault.message) for fault in faults_of("\n".join([head, first, rewards]))]
    assert found == [
        ("wallets[0].hidden", "the first wallet is the balance that members see"),
        ("wallets[1].pay", "status is hidden, so that nobody could pay with it"),
        ("rewards[0].cost.wallet", "status is hidden, so that nobody could see what mug costs"),
    ]
