"""Random histories in which every purchase is wholly returned at the end, and what they may leave.

A story is a programme's shape and steps of small numbers: what a step does is chosen by the state that it
meets (an open voucher, a receipt that stands), so that any shorter story is one, too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from domain.model.event_names import VOUCHER_REVERSED
from domain.model.ledger.decide import at_instant
from domain.model.ledger.events import Json, Payment, WalletPayment
from domain.model.ledger.ladder import held_tier
from domain.model.ledger.payments import payable_wallets
from domain.model.ledger.wallet import Wallet
from domain.model.simulate import InputLine
from domain.model.simulate.purchase_inputs import read_purchase
from tests.laws.random_histories import RecordedSimulation
from tests.laws.returning_programmes import Shape, random_shape, shaped_programme

WHO = ("ana", "bob")
CORRECTED_TOTALS = (400, 1_990, 2_900, 5_000, 5_700, 6_100, 8_000, 9_300, 15_000, 30_000)
TOTALS = (500, 2_900, 5_000, 6_100, 9_000, 15_000)
SPENDING = ("redeem", "use", "cancel", "reverse", "pay")
KINDS = (
    *("buy",) * 8,
    *("pay",) * 4,
    *("late",) * 2,
    *("part", "part", "part", "lines", "whole", "whole", "whole"),
    *("redeem", "redeem", "use", "use", "cancel", "reverse"),
)
CORRECTING = ("correct",) * 6
OTHER_KINDS = ("play", "play", "adjust", "code")
CODES = ("SPRING", "BERRY", "LOST")
OF_PURCHASES = ("purchase.", "reward.", "voucher.")
SETTLING = timedelta(days=45)
TIERS = ("basic", "silver", "gold")


@dataclass(frozen=True)
class Step:
    """One act of a member, so many hours after the last, with two numbers that choose among what there is."""

    kind: str
    who: int
    hours: int
    a: int
    b: int


@dataclass(frozen=True)
class Story:
    """A programme and what happens under it: `began` is the first day of the history."""

    shape: Shape
    steps: tuple[Step, ...]
    began: int = 0


def random_story(
    random: Random, *, with_others: bool = False, with_spending: bool = True, with_corrections: bool = False
) -> Story:
    """Return a story; `with_others` adds acts that have nothing to do with purchases, `with_corrections`
    receipts that are put right.
    """
    shape = random_shape(random, is_exact=with_others)
    hours = (1, 5, 20, 40) if shape.referral else (1, 5, 30, 100, 400)
    kinds: tuple[str, ...] = (*KINDS, *OTHER_KINDS * 2) if with_others else KINDS
    kinds = (*kinds, *CORRECTING) if with_corrections else kinds
    kinds = tuple(kind for kind in kinds if with_spending or kind not in SPENDING)
    opening = [random.choice(kinds) for _ in range(random.choice((2, 3, 5, 8, 12)))]
    closing = random.choices(("whole", "part", "cancel", "reverse"), (6, 2, 2, 1), k=6)
    steps = [
        Step(
            kind,
            int(random.random() < 0.3),
            random.choice(hours),
            random.randrange(300),
            random.randrange(10),
        )
        for kind in (*opening, *closing)
        if with_spending or kind not in SPENDING
    ]
    return Story(shape, tuple(steps), random.choice((0, 200, 330)))


class StoryRun(RecordedSimulation):
    """A story while it is lived: the lines that it sent, and the receipts that stand, by member."""

    def __init__(self, story: Story, *, is_recorded: bool = False) -> None:
        super().__init__(shaped_programme(story.shape))
        self.story = story
        self.keeps_rows = is_recorded
        self._declared = self._declared | {VOUCHER_REVERSED}
        self.clock = self.began = datetime(2026, 1, 1, 10, tzinfo=UTC) + timedelta(days=story.began)
        self.standing: dict[str, list[str]] = {who: [] for who in WHO}
        self.lines: list[InputLine] = []
        self.arrivals: list[datetime] = []

    def declare(self, name: str) -> None:
        """Let an event be sent that the programme does not name."""
        self._declared = self._declared | {name}

    def send(self, who: str, name: str, event_data: dict[str, Json], at: datetime | None = None) -> None:
        """Run one event now, or late."""
        line = InputLine(len(self.lines) + 1, at or self.clock, who, name, "till", event_data)
        self.lines.append(line)
        self.arrivals.append(self.clock)
        for _ in self.event(line):
            pass

    def wait(self, until: datetime) -> None:
        """Let time pass."""
        for _ in self.advance(until):
            pass

    def live(self, step: Step) -> None:
        """Let a step happen."""
        who = WHO[step.who]
        self.wait(self.clock + timedelta(hours=step.hours))
        standing = self.standing[who]
        match step.kind:
            case "buy" | "late" | "pay":
                back = timedelta(hours=step.a) if step.kind == "late" else timedelta(0)
                self._buy(who, step, max(self.clock - back, self.began))
            case "part" | "lines" | "whole" if standing:
                self.take_back(who, standing[step.a % len(standing)], step)
            case "correct" if standing:
                number = standing[step.a % len(standing)]
                self.correct(who, number, CORRECTED_TOTALS[step.b % len(CORRECTED_TOTALS)])
            case "redeem":
                label = f"v{len(self.lines) + 1}"
                self.send(who, "reward.redeemed", {"reward": ("mug", "pen")[step.b % 2], "voucher": label})
            case "use" | "cancel" | "reverse":
                self._voucher(who, step)
            case "play":
                self.send(who, "game.played", {"score": step.a % 100})
            case "code":
                self.send(who, "code.entered", {"code": CODES[step.b % len(CODES)]})
            case "adjust":
                wallet = "pc"[step.b % 2]
                self.send(
                    who, "balance.adjusted", {"wallet": wallet, "amount": 5 + step.a % 40, "reason": "r"}
                )

    def _buy(self, who: str, step: Step, at: datetime) -> None:
        number, total = f"x{len(self.lines) + 1}", TOTALS[step.a % len(TOTALS)]
        items: list[Json] = [
            {"category": "coins", "quantity": 1 + step.b % 3, "amount": total // 3},
            {
                "category": "gift" if step.b % 4 == 3 else "stamps",
                "quantity": 2,
                "amount": total - total // 3,
            },
        ]
        receipt: dict[str, Json] = {"externalId": number, "total": total, "lines": items[: step.b % 3]}
        if step.kind == "pay":
            receipt["payWith"] = self._payment(who, receipt, step)
        self.send(who, "purchase.completed", receipt, at)
        self.standing[who].append(number)

    def _payment(self, who: str, receipt: dict[str, Json], step: Step) -> list[Json]:
        """Return what is paid with one wallet or two of what they hold: all that fits, or a step of it."""
        line = InputLine(0, self.clock, who, "purchase.completed", "till", receipt)
        member = self.members[who]
        purchase = read_purchase(line, self.programme, member)
        wallets = at_instant(self.programme, member, now=self.clock).wallets
        available = {code: one.available for code, one in wallets.items()}
        parts = list[WalletPayment]()
        for index in range(len(self.programme.wallets)):
            if parts:
                purchase = replace(purchase, payment=Payment(purchase.total, tuple(parts)))
            payable = payable_wallets(self.programme, purchase, available=available)
            most = next((one for one in payable if one.wallet == self.programme.wallets[index].code), None)
            if most is not None and most.units and step.b % 3 != index + 1:
                units = most.units if step.b % 2 else most.terms.least_units
                parts.append(WalletPayment(most.wallet, units, most.terms.worth_of(units)))
        return [self._paid_part(who, receipt, part, is_held=step.a % 3 == 0) for part in parts]

    def _paid_part(
        self, who: str, receipt: dict[str, Json], part: WalletPayment, *, is_held: bool
    ) -> dict[str, Json]:
        """Return a payment, of what was held for it a moment before or of the balance."""
        if not is_held:
            return {"wallet": part.wallet, "units": part.units}
        label = f"{receipt['externalId']}-{part.wallet}"
        asked: dict[str, Json] = {"hold": label, "wallet": part.wallet, "amount": part.units}
        self.send(who, "hold.placed", {**asked, "order": label, "total": receipt["total"]})
        return {"hold": label}

    def take_back(self, who: str, number: str, step: Step | None = None) -> None:
        """Take back a part of a receipt, or all that is left of it."""
        part: dict[str, Json] = {}
        if step is not None and step.kind == "part":
            part = {"amount": (1, 100, 700, 2_500)[step.b % 4]}
        elif step is not None and step.kind == "lines":
            part = {"lines": [{"line": 1 + step.b % 2, "quantity": 1}]}
        self.send(who, "purchase.refunded", {"externalId": number, **part})
        receipt = next(one for key, one in self.receipts.items() if key[0] == who and key[1][2] == number)
        if receipt.remaining.is_returned:
            self.standing[who].remove(number)

    def correct(self, who: str, number: str, total: int) -> None:
        """Put a receipt right: its lines share in another total."""
        self.send(who, "purchase.corrected", {"externalId": number, "total": total})

    def _voucher(self, who: str, step: Step) -> None:
        is_used = step.kind == "reverse"
        vouchers = self.members[who].vouchers
        known = [code for code in sorted(vouchers) if (vouchers[code].used_at is not None) is is_used]
        if known:
            names = {"use": "voucher.used", "cancel": "voucher.cancelled", "reverse": VOUCHER_REVERSED}
            self.send(who, names[step.kind], {"voucher": known[step.a % len(known)]})


def lived(story: Story, *, is_recorded: bool = False) -> StoryRun:
    """Live through a story and take back every purchase that stands at its end. Bob is invited by Ana."""
    run = StoryRun(story, is_recorded=is_recorded)
    run.send("ana", "member.enrolled", {})
    run.send("bob", "member.enrolled", {"referredBy": "ana"})
    for who in WHO if "taken" in story.shape.badges else ():
        run.send(who, "challenge.accepted", {"badge": "taken"})
    for step in story.steps:
        run.live(step)
    for who in WHO:
        for number in list(run.standing[who]):
            run.take_back(who, number)
    return run


def settled(run: StoryRun) -> StoryRun:
    """Let the time pass in which delayed rules, pending lots and waiting referrals come."""
    run.wait(run.clock + SETTLING)
    return run


# ---------------------------------------------------------------- what is left


@dataclass(frozen=True)
class Holdings:
    """What a member could still spend or enjoy."""

    value: dict[str, int]
    debt: dict[str, int]
    free_vouchers: Counter[str]
    tags: frozenset[str]
    tier: str
    floors: int
    levels: dict[str, int]

    def excess(self, earned: Holdings) -> list[str]:
        """Return what is held beyond what was earned."""
        out = [
            f"{code}: {held} for {earned.value.get(code, 0)}"
            for code, held in self.value.items()
            if held > earned.value.get(code, 0)
        ]
        vouchers = self.free_vouchers - earned.free_vouchers
        out += [f"{reward} x {count}" for reward, count in vouchers.items()]
        out += [f"tag {tag}" for tag in sorted(self.tags - earned.tags)]
        out += [f"tier {self.tier}"] if TIERS.index(self.tier) > TIERS.index(earned.tier) else []
        out += ["a floor"] if self.floors > earned.floors else []
        out += [
            f"level {level} of {code}"
            for code, level in self.levels.items()
            if level > earned.levels.get(code, 0)
        ]
        return out


def holdings(run: StoryRun, who: str) -> Holdings:
    """Return what a member holds now. A streak stays, by the reference: it is no level here."""
    member = at_instant(run.programme, run.members[who], now=run.clock)
    assert member.tier is not None
    streaks = {spec.code for spec in run.programme.badges if spec.streak is not None}
    free = [one.reward for one in member.vouchers.values() if not one.taken_lots and one.used_at is None]
    return Holdings(
        {code: one.available + one.pending for code, one in member.wallets.items()},
        {code: one.debt for code, one in member.wallets.items()},
        Counter(free),
        member.tags,
        held_tier(run.programme, member.tier),
        len(member.tier.floors),
        {code: badge.level for code, badge in member.badges.items() if badge.level and code not in streaks},
    )


def without_purchases(run: StoryRun) -> StoryRun:
    """Live through what else happened, without the purchases and what was done with what they gave."""
    twin = StoryRun(run.story)
    for line in run.lines:
        if not line.name.startswith(OF_PURCHASES):
            twin.wait(line.at)
            twin.send(line.member, line.name, dict(line.data))
    twin.wait(run.clock)
    return twin


def left_by(run: StoryRun) -> list[str]:
    """Return what stands of purchases though all are returned. Where purchases and tiers move the last days of
    lots, what has lapsed of others counts as theirs.
    """
    twin, out = without_purchases(run), list[str]()
    for who in WHO:
        earned = holdings(twin, who)
        if run.story.shape.expiry >= 2:
            lapsed = {code: one.expired for code, one in twin.members[who].wallets.items()}
            value = {code: held + lapsed[code] for code, held in earned.value.items()}
            earned = replace(earned, value=value)
        out += [f"{who}: {what}" for what in holdings(run, who).excess(earned)]
    return out


def amiss_with_others(run: StoryRun) -> list[str]:
    """Return what a member holds beyond what other events gave, or owes beyond what was spent of it. Redeemed
    vouchers that are open are cancelled before.
    """
    for who in WHO:
        for voucher, opened in list(run.members[who].vouchers.items()):
            if opened.taken_lots and opened.used_at is None:
                run.send(who, "voucher.cancelled", {"voucher": voucher})
    twin, out = without_purchases(run), left_by(run)
    for who in WHO:
        for code, one in run.members[who].wallets.items():
            other = twin.members[who].wallets.get(code, Wallet())
            is_owed = run.programme.wallet(code).debt == "allow"
            if is_owed and one.balance + one.spent != other.balance + other.spent:
                out.append(f"{who}: {code}: {one.balance} and {one.spent} spent for {other.balance}")
    return out


def different_from_others(run: StoryRun) -> list[str]:
    """Return in what a member differs from one who bought nothing, where nothing was spent."""
    twin = without_purchases(run)
    return [
        f"{who}: {name}: {mine[name]} for {theirs[name]}"
        for who in WHO
        for mine, theirs in [(vars(holdings(run, who)), vars(holdings(twin, who)))]
        for name in mine
        if _without_zeros(mine[name]) != _without_zeros(theirs[name])
    ]


def _without_zeros(what: object) -> object:
    return {key: value for key, value in what.items() if value} if isinstance(what, dict) else what
