"""Variants in figures: each counted by what the journal says, measured over all who have it, and compared."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from domain.model.figures import increments
from domain.model.figures.uplift import Arm, measure
from domain.model.ledger.deciding.earning import is_held_out
from domain.model.programme.varied.varied_part import variant_of
from domain.services.figures import reading, results
from domain.services.figures.message_counts import count_messages
from domain.services.figures.rebuilding import rebuild
from domain.services.figures.variant_results import VariantResult
from domain.services.ledger import purchases, redemption
from domain.services.messages import inbox
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.figures import uplifts
from domain.store.figures.lease import LeaseHolder
from tests.folding import fold_waiting
from tests.loud_runtime import deliver_all_due, new_delivery_worker
from tests.services.figures.figure_sums import all_figures
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

TESTED = """
programme: {code: small, name: Small, currency: EUR, timezone: Europe/Lisbon, locales: [en]}
wallets: [{code: points, name: Points, unit_cost: "0.01"}]
rules:
  - code: euro
    title: Euro
    on: purchase.completed
    do: [{award: {wallet: points, fixed: 10}}]
    variants: [{code: ten}, {code: forty, do: [{award: {wallet: points, fixed: 40}}, {message: thanks}]}]
rewards:
  - {code: mug, title: Mug, cost: {wallet: points, amount: 10}, variants: [{code: full}, {code: less, cost: {wallet: points, amount: 5}}]}
messages: [{code: thanks, title: Thanks, body: B, variants: [{code: plain}, {code: warm, title: "Dear {member.name}"}]}]
"""
LATER = NOW + timedelta(minutes=5)
MEMBERS = [f"m{number}" for number in range(24)]


async def buy(runtime: Runtime, member: str, total: int, *, again: int = 0) -> None:
    receipt, at = f"{member}-{again}", LATER + timedelta(minutes=again)
    asked = new_purchase(receipt, total)
    await purchases.record(runtime, till=TILL, member_id=member, purchase_input=asked, key=receipt, now=at)


async def fold_and_measure(runtime: Runtime, holder: LeaseHolder) -> dict[str, dict[str, VariantResult]]:
    """Fold and measure; return what a report of the last 30 days says of each part's variants."""
    while await count_messages(runtime, holder):
        pass
    await fold_waiting(runtime, holder, now=LATER)
    await results.measure_uplifts(runtime, now=LATER)
    report = await reading.read_report(runtime, reading.default_period(runtime, now=LATER))
    return {part: {each.variant: each for each in some} for part, some in report.variants.items()}


async def test_each_variant_is_counted_and_measured_against_the_first(database: Database) -> None:
    runtime, holder = await open_runtime(database, TESTED), LeaseHolder(lambda: LATER)
    random, spent = Random(7), dict[str, int]()
    for member in MEMBERS:
        await join(runtime, member)
        if member != MEMBERS[0]:  # one has bought nothing, and counts all the same
            spent[member] = random.randrange(1_000, 9_000)
            await buy(runtime, member, spent[member])
    await deliver_all_due(runtime, new_delivery_worker())
    counted = await fold_and_measure(runtime, holder)
    rule = runtime.programme.rule("euro")
    has = {member: variant_of("rule:euro", rule.variants, member) for member in MEMBERS}
    euro = counted["rule:euro"]
    for variant, amount in (("ten", 10), ("forty", 40)):
        theirs = [member for member in MEMBERS if has[member] == variant]
        bought = [member for member in theirs if member in spent]
        assert (euro[variant].count, euro[variant].share) == (len(bought), 0.5)
        assert euro[variant].awarded == {"points": amount * len(bought)}
        assert euro[variant].cost == amount * len(bought)
        revenue, conversion = euro[variant].revenue, euro[variant].conversion
        assert revenue is not None
        assert conversion is not None
        assert (revenue.members, revenue.mean) == (
            len(theirs),
            sum(spent.get(m, 0) for m in theirs) / len(theirs),
        )
        assert conversion.mean == len(bought) / len(theirs)
    arms = {variant: Arm() for variant in euro}
    for member in MEMBERS:
        arms[has[member]] = arms[has[member]].with_member(spent.get(member, 0))
    measured = euro["forty"].revenue
    assert measured is not None
    assert measured.difference == measure(arms["forty"], arms["ten"], days=1)
    assert euro["ten"].revenue is not None
    assert euro["ten"].revenue.difference is None


async def test_messages_and_rewards_are_counted_by_variant_and_kept_by_a_rebuild(database: Database) -> None:
    runtime, holder = await open_runtime(database, TESTED), LeaseHolder(lambda: LATER)
    for member in MEMBERS:
        await join(runtime, member)
        await buy(runtime, member, 1_000)
        await redemption.redeem(runtime, member_id=member, reward="mug", key=member, now=LATER)
    await deliver_all_due(runtime, new_delivery_worker())
    letters = [letter async for letter in runtime.store["inbox"].find({"member": {"$gt": ""}})]
    warm = [letter for letter in letters if letter["variant"] == "warm"]
    for letter in warm[:2]:
        await inbox.mark_read(runtime, member_id=letter["member"], letter_ids=[letter["_id"]], now=LATER)
    counted = await fold_and_measure(runtime, holder)
    thanks, mug = counted["message:thanks"], counted["reward:mug"]
    told = [m for m in MEMBERS if runtime.programme.rule("euro").for_member(m).variant == "forty"]
    assert len(warm) == thanks["warm"].count
    assert thanks["plain"].count + thanks["warm"].count == len(told)
    assert (thanks["plain"].opened, thanks["warm"].opened) == (0, 2)
    opened = thanks["warm"].conversion
    assert opened is not None
    assert opened.difference is not None
    assert opened.difference.difference == opened.mean == 2 / len(warm)
    cheap = [m for m in MEMBERS if runtime.programme.reward("mug").for_member(m).variant == "less"]
    assert (mug["less"].count, mug["less"].spent) == (len(cheap), {"points": 5 * len(cheap)})
    assert mug["full"].spent == {"points": 10 * (len(MEMBERS) - len(cheap))}
    assert all(each.conversion is not None and each.conversion.mean == 1.0 for each in mug.values())
    before = await all_figures(runtime)
    await rebuild(runtime, LeaseHolder(lambda: LATER))
    after = await all_figures(runtime)
    assert {id: figures for id, figures in after.items() if "uplift" not in id} == {
        id: figures for id, figures in before.items() if "uplift" not in id
    }


async def test_with_other_weights_results_begin_anew(database: Database) -> None:
    runtime, holder = await open_runtime(database, TESTED), LeaseHolder(lambda: LATER)
    for member in MEMBERS:
        await join(runtime, member)
        await buy(runtime, member, 1_000)
    await fold_and_measure(runtime, holder)
    await runtime.programmes.publish(TESTED.replace("{code: ten}", "{code: ten, weight: 2}"), now=LATER)
    report = await reading.read_report(runtime, reading.default_period(runtime, now=LATER))
    assert all(each.revenue is None for each in report.variants["rule:euro"])  # measured of another split
    await buy(runtime, MEMBERS[0], 7_000, again=1)
    counted = (await fold_and_measure(runtime, holder))["rule:euro"]
    assert [round(each.share, 3) for each in counted.values()] == [0.667, 0.333]
    means = [
        each.revenue.mean * each.revenue.members for each in counted.values() if each.revenue is not None
    ]
    assert round(sum(means)) == 7_000


async def test_a_rule_with_a_holdout_says_what_it_returned_at_the_margin_of_the_file(
    database: Database,
) -> None:
    text = TESTED.replace("locales: [en]", "locales: [en], margin: 40").replace(
        "    variants: [{code: ten}", "    holdout: 50\n    variants: [{code: ten}"
    )
    runtime, holder = await open_runtime(database, text), LeaseHolder(lambda: LATER)
    rule = runtime.programme.rule("euro")
    for member in MEMBERS:
        await join(runtime, member)
        await buy(runtime, member, 4_000 if is_held_out(member, rule) else 9_000)
    await fold_and_measure(runtime, holder)
    report = await reading.read_report(runtime, reading.default_period(runtime, now=LATER))
    [told] = report.rules
    treated = [member for member in MEMBERS if not is_held_out(member, rule)]
    cost = sum({"ten": 10, "forty": 40}[rule.for_member(member).variant or ""] for member in treated)
    assert told.roi is not None
    assert (told.roi.margin, told.roi.gain, told.roi.cost) == (40, 5_000 * len(treated), cost)
    assert told.roi.value == (5_000 * len(treated) * 0.4 - cost) / cost
    assert told.roi.low == told.roi.value == told.roi.high  # all spend alike
    measured = report.variants["rule:euro"]
    assert sum(each.revenue.members for each in measured if each.revenue is not None) == len(treated)


async def test_a_rule_that_is_over_is_measured_over_its_own_days_and_who_were_members_then(
    database: Database,
) -> None:
    over = LATER + timedelta(days=40)
    dates = f'during: {{until: "{LATER.date() + timedelta(days=6)}"}}'
    text = TESTED.replace(
        "    variants: [{code: ten}", f"    holdout: 50\n    {dates}\n    variants: [{{code: ten}}"
    )
    runtime, holder = await open_runtime(database, text), LeaseHolder(lambda: over)
    rule = runtime.programme.rule("euro")
    for member in MEMBERS:
        await join(runtime, member)
        await buy(runtime, member, 4_000 if is_held_out(member, rule) else 9_000)
        await buy(runtime, member, 70_000 if is_held_out(member, rule) else 1, again=60 * 24 * 20)
    await join(runtime, "late", at=over)
    await fold_waiting(runtime, holder, now=over)
    [measured] = (await results.measure_uplifts(runtime, now=over)).values()
    stored = await runtime.store[increments.NOW].find_one({"_id": uplifts.UPLIFT_ID})
    assert stored is not None
    for arms in (measured, uplifts.read_arms(stored)["euro"]):
        uplift = arms.revenue_uplift()
        assert uplift is not None
        assert (uplift.treated.members + uplift.held_out.members, uplift.difference) == (24, 5_000)
        assert (uplift.since, uplift.until) == (LATER.date(), LATER.date() + timedelta(days=6))
        assert (arms.days, uplift.days_to_tell) == (7, None)


async def test_members_who_came_since_the_morning_are_measured_without_waiting_for_the_next(
    database: Database,
) -> None:
    runtime, holder, daily = (
        await open_runtime(database, TESTED),
        LeaseHolder(lambda: LATER),
        results.DailyResults(),
    )

    async def measured() -> int:
        await fold_waiting(runtime, holder, now=LATER)
        await daily.measure_if_due(runtime, now=LATER)
        report = await reading.read_report(runtime, reading.default_period(runtime, now=LATER))
        revenues = [each.revenue for each in report.variants["rule:euro"]]
        return sum(each.members for each in revenues if each is not None)

    for first, count in ((0, 6), (6, 20), (20, 24)):
        for member in MEMBERS[first:count]:
            await join(runtime, member)
            await buy(runtime, member, 1_000)
        assert await measured() == count
    day, member_count = await uplifts.find_measurement(runtime.store) or (None, 0)
    assert (day, member_count) == (LATER.date(), 24)
