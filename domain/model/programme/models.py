"""The whole programme file as immutable values. Attribute names are the keys of the file; `from` and `for`
have a trailing underscore.

Look-ups by code raise KeyError. The check guarantees that every code that the file itself uses exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from domain.model.calendar import Span
from domain.model.programme.attributes import AttributeSpec
from domain.model.programme.badges import BadgeSpec
from domain.model.programme.field_types import ProgrammePart
from domain.model.programme.header import (
    ErasureSpec,
    EventSpec,
    ProgrammeHeader,
    RetentionSpec,
    StoreSpec,
)
from domain.model.programme.membership import CodeSpec, GoalSpec, Leaderboard, PlanSpec, ReferralSpec, Segment
from domain.model.programme.messages import ConsentSpec, MessageSpec, SurveySpec
from domain.model.programme.rewards import CategorySpec, RewardSpec
from domain.model.programme.rules import Action, Rule, SharedCap
from domain.model.programme.tiers import CountSpec, NamedCount, Tiers, TierSpec
from domain.model.programme.varied.varied_part import VariedPart
from domain.model.programme.wallets import PayTerms, WalletSpec

DEFAULT_WAIT = Span(days=14)
MOST_CODES = 500
MOST_ATTRIBUTES = 50
MOST_STORES = 2_000
MOST_GOALS = 50
MOST_CATEGORIES = 500


class Programme(ProgrammePart):
    """A loyalty programme. Built by `load`, which checks the whole file."""

    programme: ProgrammeHeader
    wallets: Annotated[tuple[WalletSpec, ...], Field(min_length=1)]
    events: tuple[EventSpec, ...] = ()
    rules: tuple[Rule, ...] = ()
    caps: tuple[SharedCap, ...] = ()
    tiers: Tiers | None = None
    badges: tuple[BadgeSpec, ...] = ()
    rewards: tuple[RewardSpec, ...] = ()
    categories: Annotated[tuple[CategorySpec, ...], Field(max_length=MOST_CATEGORIES)] = ()
    segments: tuple[Segment, ...] = ()
    referral: ReferralSpec | None = None
    codes: Annotated[tuple[CodeSpec, ...], Field(max_length=MOST_CODES)] = ()
    attributes: Annotated[tuple[AttributeSpec, ...], Field(max_length=MOST_ATTRIBUTES)] = ()
    plans: tuple[PlanSpec, ...] = ()
    messages: tuple[MessageSpec, ...] = ()
    consents: tuple[ConsentSpec, ...] = ()
    surveys: tuple[SurveySpec, ...] = ()
    leaderboards: tuple[Leaderboard, ...] = ()
    goals: Annotated[tuple[GoalSpec, ...], Field(max_length=MOST_GOALS)] = ()
    stores: Annotated[tuple[StoreSpec, ...], Field(max_length=MOST_STORES)] = ()
    erasure: ErasureSpec = ErasureSpec()
    retention: RetentionSpec | None = None

    __hash__ = object.__hash__  # by identity: caches are keyed by the programme, many times a decision

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the programme's days and hours."""
        return ZoneInfo(self.programme.timezone)

    def rules_on(self, event_name: str) -> tuple[Rule, ...]:
        """Return the rules on an event in file order; an empty tuple where there are none."""
        return self._rules_on.get(event_name, ())

    def badges_on(self, event_name: str) -> tuple[BadgeSpec, ...]:
        """Return the badges that an event counts toward, in file order."""
        return self._badges_on.get(event_name, ())

    def counts_on(self, event_name: str) -> tuple[tuple[str, CountSpec], ...]:
        """Return the counts toward tiers that an event counts toward, each with its name, in file order."""
        return self._counts_on.get(event_name, ())

    def counts_of(self, wallet: str) -> tuple[str, ...]:
        """Return the names of the counts toward tiers that awards to a wallet count toward."""
        return self._counts_of.get(wallet, ())

    def is_count_of_money(self, count: CountSpec) -> bool:
        """Tell whether a count toward tiers is in minor units of the currency."""
        if isinstance(count, NamedCount) and count.kind is not None:
            return count.kind == "money"
        return count.wallet is not None and self.wallet(count.wallet).kind == "money"

    def wallets_renewed_by(self, event_name: str) -> tuple[WalletSpec, ...]:
        """Return the wallets whose lots an event renews, in file order."""
        return self._wallets_renewed_by.get(event_name, ())

    def wallet(self, code: str) -> WalletSpec:
        """Return a wallet. Raises KeyError."""
        return self._wallets[code]

    def pay_terms(self, code: str) -> PayTerms | None:
        """Return how members pay with a wallet; None where they do not, or there is no such wallet."""
        spec = self._wallets.get(code)
        return spec.pay_terms if spec is not None else None

    def event(self, name: str) -> EventSpec:
        """Return a declared event, not a built-in one. Raises KeyError."""
        return self._events[name]

    def cap(self, code: str) -> SharedCap:
        """Return a cap that rules share. Raises KeyError."""
        return self._caps[code]

    def rule(self, code: str) -> Rule:
        """Return a rule. Raises KeyError."""
        return self._rules[code]

    def tier(self, code: str) -> TierSpec:
        """Return a tier. Raises KeyError, also where the programme has no tiers."""
        return self._tiers[code]

    def badge(self, code: str) -> BadgeSpec:
        """Return a badge. Raises KeyError."""
        return self._badges[code]

    def reward(self, code: str) -> RewardSpec:
        """Return a reward. Raises KeyError."""
        return self._rewards[code]

    def category(self, code: str) -> CategorySpec:
        """Return a category of what is bought. Raises KeyError where the file has no name for it."""
        return self._categories[code]

    def segment(self, code: str) -> Segment:
        """Return a segment. Raises KeyError."""
        return self._segments[code]

    def code(self, name: str) -> CodeSpec:
        """Return a code that members enter, or a batch, by its name. Raises KeyError."""
        return self._codes[name]

    def plan(self, code: str) -> PlanSpec:
        """Return a plan. Raises KeyError."""
        return self._plans[code]

    def message(self, code: str) -> MessageSpec:
        """Return a message. Raises KeyError."""
        return self._messages[code]

    def consent(self, purpose: str) -> ConsentSpec:
        """Return a consent by its purpose. Raises KeyError."""
        return self._consents[purpose]

    def survey(self, code: str) -> SurveySpec:
        """Return a survey. Raises KeyError."""
        return self._surveys[code]

    def store(self, code: str) -> StoreSpec:
        """Return what the file says of a store. Raises KeyError where it says nothing."""
        return self._stores[code]

    def attribute(self, name: str) -> AttributeSpec:
        """Return an attribute by its name. Raises KeyError."""
        return self._attributes[name]

    def leaderboard(self, code: str) -> Leaderboard:
        """Return a leaderboard. Raises KeyError."""
        return self._leaderboards[code]

    def declared_fields(self, event_name: str) -> tuple[str, ...]:
        """Return the fields of a declared event, always present in expressions; none for a built-in one."""
        return tuple(self._events[event_name].data) if event_name in self._events else ()

    @cached_property
    def varied_parts(self) -> tuple[VariedPart, ...]:
        """The rules, messages and rewards that have variants, in this order."""
        parts: tuple[VariedPart, ...] = (*self.rules, *self.messages, *self.rewards)
        return tuple(part for part in parts if part.variants)

    @cached_property
    def tier_order(self) -> Mapping[str, int]:
        """Each tier's position on the ladder, from 0 for the lowest; empty without tiers."""
        return {tier.code: index for index, tier in enumerate(self.tiers.ladder)} if self.tiers else {}

    @cached_property
    def referral_wait(self) -> Span:
        """How long after the event that met its condition a referral is judged."""
        if self.referral is not None and self.referral.wait is not None:
            return self.referral.wait
        return self.default_wait

    @cached_property
    def default_wait(self) -> Span:
        """How long something is waited for that may be returned: 14 days, or the longest time that awards are
        pending, where that is longer.
        """
        spans = [spec.pending for spec in self.wallets if spec.pending is not None]
        return max(
            [DEFAULT_WAIT, *spans], key=lambda span: span.hours + 24 * span.days + 24 * 31 * span.months
        )

    @cached_property
    def shown_wallets(self) -> tuple[WalletSpec, ...]:
        """The wallets that members and staff see, in file order."""
        return tuple(wallet for wallet in self.wallets if not wallet.hidden)

    @cached_property
    def hidden_wallets(self) -> frozenset[str]:
        """The wallets that count for the programme and are shown to nobody."""
        return frozenset(wallet.code for wallet in self.wallets if wallet.hidden)

    @cached_property
    def hidden_rules(self) -> frozenset[str]:
        """The rules that award to hidden wallets alone: what they came to is shown to nobody, either."""
        awarded = {
            rule.code: {action.award.wallet for action in rule.all_actions if action.award is not None}
            for rule in self.rules
        }
        return frozenset(
            code for code, wallets in awarded.items() if wallets and wallets <= self.hidden_wallets
        )

    @cached_property
    def unlisted_rules(self) -> frozenset[str]:
        """The rules that nobody is told of before they count: not listed, or without a title."""
        return frozenset(rule.code for rule in self.rules if not rule.listed or rule.title is None)

    @cached_property
    def webhooks(self) -> frozenset[str]:
        """The webhooks that rules, badges and the referral name."""
        return frozenset(action.webhook for action in self._actions() if action.webhook is not None)

    def _actions(self) -> Iterator[Action]:
        yield from (action for rule in self.rules for action in rule.all_actions)
        yield from (action for badge in self.badges for action in badge.do)
        if self.referral is not None:
            yield from (*self.referral.friend, *self.referral.referrer)
        yield from (action for board in self.leaderboards for prize in board.do.values() for action in prize)

    @cached_property
    def _rules_on(self) -> dict[str, tuple[Rule, ...]]:
        names = {name for rule in self.rules for name in rule.on}
        return {name: tuple(rule for rule in self.rules if name in rule.on) for name in names}

    @cached_property
    def _badges_on(self) -> dict[str, tuple[BadgeSpec, ...]]:
        names = {name for badge in self.badges for name in badge.on}
        return {name: tuple(badge for badge in self.badges if name in badge.on) for name in names}

    @cached_property
    def goal_badges(self) -> tuple[BadgeSpec, ...]:
        """The badges that take another count of each member, in file order."""
        return tuple(badge for badge in self.badges if badge.target is not None)

    @cached_property
    def _counts_on(self) -> dict[str, tuple[tuple[str, CountSpec], ...]]:
        counts = self.tiers.all_counts if self.tiers else {}
        names = {name for count in counts.values() for name in count.on}
        return {name: tuple(pair for pair in counts.items() if name in pair[1].on) for name in names}

    @cached_property
    def _counts_of(self) -> dict[str, tuple[str, ...]]:
        counts = self.tiers.all_counts if self.tiers else {}
        wallets = {count.wallet for count in counts.values() if count.wallet is not None}
        return {
            wallet: tuple(name for name, count in counts.items() if count.wallet == wallet)
            for wallet in wallets
        }

    @cached_property
    def _wallets_renewed_by(self) -> dict[str, tuple[WalletSpec, ...]]:
        names = {name for wallet in self.wallets for name in wallet.expiry.renewing_events}
        return {
            name: tuple(wallet for wallet in self.wallets if name in wallet.expiry.renewing_events)
            for name in names
        }

    @cached_property
    def _wallets(self) -> dict[str, WalletSpec]:
        return {wallet.code: wallet for wallet in self.wallets}

    @cached_property
    def _events(self) -> dict[str, EventSpec]:
        return {event.name: event for event in self.events}

    @cached_property
    def _caps(self) -> dict[str, SharedCap]:
        return {cap.code: cap for cap in self.caps}

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        return {rule.code: rule for rule in self.rules}

    @cached_property
    def _tiers(self) -> dict[str, TierSpec]:
        return {tier.code: tier for tier in self.tiers.ladder} if self.tiers else {}

    @cached_property
    def _badges(self) -> dict[str, BadgeSpec]:
        return {badge.code: badge for badge in self.badges}

    @cached_property
    def _rewards(self) -> dict[str, RewardSpec]:
        return {reward.code: reward for reward in self.rewards}

    @cached_property
    def _categories(self) -> dict[str, CategorySpec]:
        return {category.code: category for category in self.categories}

    @cached_property
    def _segments(self) -> dict[str, Segment]:
        return {segment.code: segment for segment in self.segments}

    @cached_property
    def _codes(self) -> dict[str, CodeSpec]:
        return {spec.name: spec for spec in self.codes}

    @cached_property
    def _attributes(self) -> dict[str, AttributeSpec]:
        return {attribute.name: attribute for attribute in self.attributes}

    @cached_property
    def _leaderboards(self) -> dict[str, Leaderboard]:
        return {board.code: board for board in self.leaderboards}

    @cached_property
    def _stores(self) -> dict[str, StoreSpec]:
        return {store.code: store for store in self.stores}

    @cached_property
    def _plans(self) -> dict[str, PlanSpec]:
        return {plan.code: plan for plan in self.plans}

    @cached_property
    def _messages(self) -> dict[str, MessageSpec]:
        return {message.code: message for message in self.messages}

    @cached_property
    def _consents(self) -> dict[str, ConsentSpec]:
        return {consent.purpose: consent for consent in self.consents}

    @cached_property
    def _surveys(self) -> dict[str, SurveySpec]:
        return {survey.code: survey for survey in self.surveys}
