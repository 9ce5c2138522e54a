"""Several counts by name in `tiers`: each mistake is one fault, at its path, with what to write instead."""

import pytest

from domain.model.programme import load_with_warnings
from tests.model.programme.mistakes import faults_of

HEAD = "programme: {code: p, name: P, currency: EUR, timezone: UTC, locales: [en, pt]}\nwallets: [{code: points, name: P}, {code: cash, name: C, kind: money}]\nevents: [{name: stay.completed, title: {en: Stay, pt: Estadia}, data: {nights: int}}]\n"
NIGHTS = "nights: {on: stay.completed, of: event.data.nights, title: {en: Nights, pt: Noites}}"
SPEND = "spend: {on: purchase.completed, of: purchase.total, kind: money, title: {en: Spend, pt: Despesa}}"
SILVER = "{code: silver, name: S, from: {nights: 10, spend: 1000}}"
GOLD = "{code: gold, name: G, from: {nights: 20, spend: 3000}, keep: {nights: 15}}"


def written(
    *rungs: str,
    counts: str = f"{NIGHTS}, {SPEND}",
    first: str = "from: 0",
    count: str = "",
    window: str = "calendar_year",
) -> str:
    ladder = ", ".join([f"{{code: low, name: L, {first}}}", *rungs])
    keys = f"{count}counts: {{{counts}}}, " if counts else count
    return f"{HEAD}tiers: {{{keys}window: {window}, ladder: [{ladder}]}}\n"


def test_a_ladder_of_two_counts_is_sound() -> None:
    loaded = load_with_warnings(written(SILVER, GOLD))
    assert [str(warning) for warning in loaded.warnings] == []
    tiers = loaded.programme.tiers
    assert tiers is not None
    assert [tier.reaching for tier in tiers.ladder] == [
        {"nights": 0, "spend": 0}, {"nights": 10, "spend": 1000}, {"nights": 20, "spend": 3000},
    ]  # fmt: skip
    assert tiers.ladder[2].keeping == {"nights": 15, "spend": 3000}
    assert not [path for _, path in loaded.missing_texts["pt"] if path.startswith("tiers.counts")]


FAULTS = {
    "a count that there is not, in from": (
        written("{code: silver, name: S, from: {nigths: 10}}", GOLD),
        "tiers.ladder[1].from.nigths", "there is no count nigths", "did you mean nights?",
    ),
    "a count that there is not, in keep": (
        written("{code: silver, name: S, from: {nights: 10}, keep: {spent: 5}}", GOLD),
        "tiers.ladder[1].keep.spent", "there is no count spent", "did you mean spend?",
    ),
    "a rung that no count reaches": (
        written("{code: silver, name: S, from: {}}", GOLD),
        "tiers.ladder[1].from", "no count reaches silver", "write from: {nights: 10}",
    ),
    "an amount of no count": (
        written("{code: silver, name: S, from: 10}", GOLD),
        "tiers.ladder[1].from", "10 is of no count, and there are several", "write from: {nights: 10, spend: 10}",
    ),
    "a ladder out of order by one count": (
        written(SILVER, "{code: gold, name: G, from: {nights: 20, spend: 1000}}"),
        "tiers.ladder[2].from.spend", "gold is reached at 1000 spend, not above silver",
        "write more than 1000, or leave spend out here, or order the ladder from the lowest up",
    ),
    "a ladder out of order across a rung that leaves the count out": (
        written(SILVER, "{code: gold, name: G, from: {nights: 20}}", "{code: top, name: T, from: {spend: 900}}"),
        "tiers.ladder[3].from.spend", "top is reached at 900 spend, not above silver",
        "write more than 1000, or leave spend out here, or order the ladder from the lowest up",
    ),
    "a first rung above 0": (
        written(SILVER, first="from: {nights: 2, spend: 0}"),
        "tiers.ladder[0].from", "the first tier is reached at 2 nights", "write from: 0, so that everyone has a tier",
    ),
    "keeping above reaching": (
        written("{code: silver, name: S, from: {nights: 10, spend: 1000}, keep: {nights: 11}}"),
        "tiers.ladder[1].keep.nights", "keeping silver by nights takes more than reaching it", "write 10 or less",
    ),
    "count and counts": (
        written(SILVER, count="count: {wallet: points}, "),
        "tiers", "has count and counts", "keep one of them",
    ),
    "an amount in quotes": (
        written("{code: silver, name: S, from: {nights: '10'}}", GOLD),
        "tiers.ladder[1].from.nights", '"10" is no whole number', "write a whole number without quotes or signs",
    ),
    "a rung without from": (
        written(SILVER, "{code: gold, name: G}"),
        "tiers.ladder[2].from", "from is missing",
        "add from: {nights: 20}, or another amount of each count that reaches it",
    ),
    "counts by name under count": (
        written(SILVER, counts="", count=f"count: {{{NIGHTS}, {SPEND}}}, "),
        "tiers.count", "names several counts", "write counts in place of count",
    ),
    "a single count under counts": (
        written(counts="wallet: points"), "tiers.counts", "is a single count", "write count in place of counts",
    ),
    "a list of counts": (
        written(SILVER, counts="", count="counts: [nights, spend], "),
        "tiers.counts", "a list is no map of keys", "write keys and values: {key: value}",
    ),
    "counts of nothing": (
        written(counts="", count="counts: {}, "),
        "tiers", "counts nothing",
        "write count: {wallet: CODE}, or counts: {NAME: {on: EVENT, of: EXPR, title: TEXT}}",
    ),
    "a single count and amounts by name": (
        written("{code: silver, name: S, from: {nights: 10}}", counts="", count="count: {wallet: points}, "),
        "tiers.ladder[1].from", "from names counts, and tiers has a single count", "write from: 1000",
    ),
    "no title": (
        written(SILVER, counts=f"nights: {{on: stay.completed}}, {SPEND}"),
        "tiers.counts.nights.title", "title is missing", 'add title: "What members read"',
    ),
    "a count of an unknown wallet": (
        written(SILVER, counts=f"{NIGHTS}, spend: {{wallet: pionts, title: {{en: S, pt: S}}}}"),
        "tiers.counts.spend.wallet", "there is no wallet pionts", "did you mean points?",
    ),
    "a count on an unknown event": (
        written(SILVER, counts=f"nights: {{on: stay.compelted, title: {{en: N, pt: N}}}}, {SPEND}"),
        "tiers.counts.nights.on", "there is no event stay.compelted", "did you mean stay.completed?",
    ),
    "money in a wallet of points": (
        written(SILVER, counts=f"{NIGHTS}, spend: {{wallet: points, kind: money, title: {{en: S, pt: S}}}}"),
        "tiers.counts.spend.kind", "spend is of wallet points, which is no money", "remove it",
    ),
    "a condition that reads what is not there": (
        written(SILVER, counts=f"{NIGHTS.replace('.nights', '.night')}, {SPEND}"),
        "tiers.counts.nights.of", "there is no event.data.night on stay.completed", "did you mean event.data.nights?",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "path", "message", "remedy"), FAULTS.values(), ids=FAULTS)
def test_a_mistake_is_one_fault_with_its_remedy(text: str, path: str, message: str, remedy: str) -> None:
    faults = faults_of(text)
    assert [(fault.path, fault.message, fault.remedy) for fault in faults] == [(path, message, remedy)]


def test_more_counts_than_four_are_refused() -> None:
    counts = ", ".join(f"c{n}: {{on: stay.completed, title: T}}" for n in range(5))
    rung = "{code: top, name: T, from: {c0: 1, c1: 1, c2: 1, c3: 1, c4: 1}}"
    assert "tiers.counts" in [fault.path for fault in faults_of(written(rung, counts=counts))]


def test_a_count_that_reaches_no_tier_is_worth_a_second_look() -> None:
    loaded = load_with_warnings(written("{code: silver, name: S, from: {nights: 10}}"))
    assert [(warning.path, warning.message, warning.remedy) for warning in loaded.warnings] == [
        ("tiers.counts.spend", "no tier is reached by spend", "name spend in from of a tier, or remove it")
    ]


def test_a_text_that_a_locale_lacks_is_listed() -> None:
    loaded = load_with_warnings(written(SILVER, counts=NIGHTS.replace(", pt: Noites", "") + f", {SPEND}"))
    assert "tiers.counts.nights.title" in [path for _, path in loaded.missing_texts["pt"]]
