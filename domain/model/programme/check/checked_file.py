"""What the checks read: the programme, the codes of its file, its actions and its expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, Literal

from domain.model import event_names
from domain.model.conditions import Expression
from domain.model.fault_text import FaultText
from domain.model.programme.faults import KeyPath
from domain.model.programme.messages import MessageSpec, MessageVariant
from domain.model.programme.models import Programme
from domain.model.programme.rules import Action, CountBasis
from domain.model.programme.tiers import SINGLE_COUNT, CountSpec, Tiers
from domain.model.programme.validation import ValidationResult
from domain.model.programme.vocabulary import BUILT_IN_EVENTS, DECLARED_KINDS, Variable
from domain.model.values import dataclass

_CODE_KEYS: Final[Mapping[str, tuple[KeyPath, str]]] = {
    "wallets": (("wallets",), "code"),
    "events": (("events",), "name"),
    "rules": (("rules",), "code"),
    "caps": (("caps",), "code"),
    "tiers": (("tiers", "ladder"), "code"),
    "badges": (("badges",), "code"),
    "rewards": (("rewards",), "code"),
    "categories": (("categories",), "code"),
    "segments": (("segments",), "code"),
    "codes": (("codes",), "code"),
    "batches": (("codes",), "batch"),
    "attributes": (("attributes",), "name"),
    "plans": (("plans",), "code"),
    "messages": (("messages",), "code"),
    "consents": (("consents",), "purpose"),
    "surveys": (("surveys",), "code"),
    "leaderboards": (("leaderboards",), "code"),
    "stores": (("stores",), "code"),
}
# Codes that stand for one thing wherever they are named, of several sections.
_SECTIONS_OF: Final[Mapping[str, tuple[str, ...]]] = {"code_names": ("codes", "batches")}


# What one of a section is called.
_NOUNS: Final[Mapping[str, FaultText]] = {
    "wallets": FaultText("wallet"),
    "rules": FaultText("rule"),
    "caps": FaultText("cap"),
    "tiers": FaultText("tier"),
    "badges": FaultText("badge"),
    "rewards": FaultText("reward"),
    "categories": FaultText("category"),
    "segments": FaultText("segment"),
    "codes": FaultText("code"),
    "batches": FaultText("batch"),
    "code_names": FaultText("code"),
    "plans": FaultText("plan"),
    "messages": FaultText("message"),
    "consents": FaultText("consent"),
    "surveys": FaultText("survey"),
    "leaderboards": FaultText("leaderboard"),
    "locales": FaultText("locale"),
}
# Who performs an action, as faults call them.
GIVERS: Final = {
    "rule": FaultText("a rule"),
    "badge": FaultText("a badge"),
    "referral": FaultText("a referral"),
    "leaderboard": FaultText("a leaderboard"),
}
FIXED_GIVERS: Final = ("referral", "leaderboard")  # whose awards are fixed amounts: there is nothing to count


@dataclass(frozen=True, slots=True)
class PlacedAction:
    """An action, its path in the file, who performs it, and the events on which it is performed."""

    path: KeyPath
    action: Action
    by: Literal["rule", "badge", "referral", "leaderboard"]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlacedExpression:
    """An expression, its path in the file, the kind of answer it must give, and the events it is evaluated
    on. Where `events` is None it is evaluated over the member alone.
    """

    path: KeyPath
    expression: Expression
    expected: Literal["condition", "number"]
    events: tuple[str, ...] | None
    is_by_line: bool = False


@dataclass(frozen=True)
class CheckedFile:
    """A validated programme and the file it came from. The codes are those of the file, including parts that
    failed validation.
    """

    programme: Programme
    content: Mapping[str, object]
    validation: ValidationResult

    @cached_property
    def code_paths(self) -> Mapping[str, Mapping[str, KeyPath]]:
        """The codes of each section, with the path of the first part that has the code."""
        return {section: dict(self._codes_with_paths(*where)) for section, where in _CODE_KEYS.items()}

    def codes(self, section: str) -> frozenset[str]:
        """Return the codes of a section."""
        if section == "locales":
            return frozenset(self.programme.programme.locales)
        if section == "code_names":
            return frozenset().union(*map(self.codes, _SECTIONS_OF[section]))
        return frozenset(self.code_paths[section])

    def is_incomplete(self, section: str) -> bool:
        """Tell whether not all codes of a section are known: it failed validation, or its key is misspelt."""
        if section == "locales":
            return not self.validation.is_sound(("programme", "locales"))
        misspelt = key_of(section) not in self.content and any(
            len(finding.path) == 1 for finding in self.validation.findings
        )
        return misspelt or any(self._has_lost_a_code(name) for name in _SECTIONS_OF.get(section, (section,)))

    def _has_lost_a_code(self, section: str) -> bool:
        """Tell whether a section failed validation as a whole, or a part of it in its code."""
        where, key = _CODE_KEYS[section]
        listed = {path[:-1] for path, _ in self.listed_codes(section)}
        return any(
            removed == where[: len(removed)]
            or (len(removed) == len(where) + 1 and removed[:-1] == where and removed not in listed)
            or (removed[:-2] == where and removed[-1] == key)
            for removed in self.validation.removed_paths
        )

    def listed_codes(self, section: str) -> Iterator[tuple[KeyPath, str]]:
        """Yield each code that a section of the file contains with its path, in the order of the file."""
        path, key = _CODE_KEYS[section]
        for index, part in enumerate(self._raw_list(path)):
            code = part.get(key) if isinstance(part, dict) else None
            if isinstance(code, str):
                yield (*path, index, key), code

    def fields(self, event: str) -> Mapping[str, Variable] | None:
        """Return the data fields of an event; None where there is no such event."""
        if event in BUILT_IN_EVENTS:
            return BUILT_IN_EVENTS[event]
        declared = next((spec for spec in self.programme.events if spec.name == event), None)
        if declared is None:
            return None
        return {name: Variable(DECLARED_KINDS[kind]) for name, kind in declared.data.items()}

    @cached_property
    def partly_declared_events(self) -> frozenset[str]:
        """The events whose declared data failed validation in part: not all their fields are known."""
        return frozenset(
            spec.name
            for index, spec in enumerate(self.programme.events)
            if not self.validation.is_sound(("events", index, "data"))
        )

    def follows_from_a_fault(self, placed: PlacedExpression) -> bool:
        """Tell whether an expression reads what has a fault where it is declared, or one of its events has a
        fault: what the check could say of it only follows from that.
        """
        names = placed.expression.names
        if any(name.startswith("event.data.") for name in names) and self.partly_declared_events.intersection(
            placed.events or ()
        ):
            return True
        read = {name for name in names if name.startswith("member.attributes.")}
        return (
            bool(read & self._faulty_attributes)
            or (bool(read) and self.is_incomplete("attributes"))
            or any(
                not self.validation.is_sound((*placed.path[:depth], "on"))
                for depth in range(1, len(placed.path))
            )
        )

    @cached_property
    def _faulty_attributes(self) -> frozenset[str]:
        faulty = {removed[:2] for removed in self.validation.removed_paths}
        return frozenset(
            f"member.attributes.{name}"
            for path, name in self.listed_codes("attributes")
            if path[:2] in faulty
        )

    def raw_value(self, path: KeyPath) -> object:
        """Return the value in the file at a path of the programme; None where the file has none."""
        value: object = self.content
        for step in self.validation.original_path(path):
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    @cached_property
    def actions(self) -> tuple[PlacedAction, ...]:
        """Every action of the programme."""
        return tuple(self._actions())

    def _actions(self) -> Iterator[PlacedAction]:
        for index, rule in enumerate(self.programme.rules):
            for position, action in enumerate(rule.do):
                yield PlacedAction(("rules", index, "do", position), action, "rule", rule.on)
            for n, variant in enumerate(rule.variants):
                for position, action in enumerate(variant.do or ()):
                    place: KeyPath = ("rules", index, "variants", n, "do", position)
                    yield PlacedAction(place, action, "rule", rule.on)
        for index, badge in enumerate(self.programme.badges):
            for position, action in enumerate(badge.do):
                yield PlacedAction(("badges", index, "do", position), action, "badge", badge.on)
        referral = self.programme.referral
        sides = {"friend": referral.friend, "referrer": referral.referrer} if referral is not None else {}
        for side, actions in sides.items():
            for position, action in enumerate(actions):
                yield PlacedAction(("referral", side, position), action, "referral", ())
        for index, board in enumerate(self.programme.leaderboards):
            for rank, prize in board.do.items():
                for position, action in enumerate(prize):
                    path = ("leaderboards", index, "do", str(rank), position)
                    yield PlacedAction(path, action, "leaderboard", (event_names.LEADERBOARD_ENDED,))

    @cached_property
    def messages(self) -> tuple[tuple[KeyPath, MessageSpec | MessageVariant], ...]:
        """Every message and every variant of one, each with its path."""
        placed: list[tuple[KeyPath, MessageSpec | MessageVariant]] = []
        for index, message in enumerate(self.programme.messages):
            placed.append((("messages", index), message))
            for n, variant in enumerate(message.variants):
                placed.append((("messages", index, "variants", n), variant))
        return tuple(placed)

    @cached_property
    def expressions(self) -> tuple[PlacedExpression, ...]:
        """Every expression of the programme."""
        return (*self._on_events(), *self._over_the_member(), *self._in_awards())

    def _on_events(self) -> Iterator[PlacedExpression]:
        programme = self.programme
        for index, rule in enumerate(programme.rules):
            yield from _conditions(("rules", index), rule.when, rule.on)
        for index, badge in enumerate(programme.badges):
            yield from _conditions(("badges", index), badge.when, badge.on)
            yield from _basis_expressions(("badges", index), badge.of, badge.on)
        if programme.tiers is not None:
            for path, count in count_paths(programme.tiers):
                yield from _conditions(path, count.when, count.on)
                yield from _basis_expressions(path, count.of, count.on)
        if programme.referral is not None:
            qualifies = programme.referral.qualifies
            yield from _conditions(("referral", "qualifies"), qualifies.when, qualifies.on)

    def _over_the_member(self) -> Iterator[PlacedExpression]:
        for index, reward in enumerate(self.programme.rewards):
            yield from _conditions(("rewards", index), reward.when, None)
        for index, segment in enumerate(self.programme.segments):
            yield from _conditions(("segments", index), segment.when, None)
        for index, badge in enumerate(self.programme.badges):
            if badge.target is not None:
                yield PlacedExpression(("badges", index, "target"), badge.target, "number", None)

    def _in_awards(self) -> Iterator[PlacedExpression]:
        for placed in self.actions:
            if placed.by in FIXED_GIVERS:
                continue
            if placed.action.award is not None:
                yield from _basis_expressions((*placed.path, "award"), placed.action.award.of, placed.events)
            if placed.action.deduct is not None:
                yield from _basis_expressions(
                    (*placed.path, "deduct"), placed.action.deduct.of, placed.events
                )

    def _codes_with_paths(self, path: KeyPath, key: str) -> Iterator[tuple[str, KeyPath]]:
        for index, part in reversed(list(enumerate(self._raw_list(path)))):
            if isinstance(part, dict) and isinstance(part.get(key), str):
                yield part[key], (*path, index)

    def _raw_list(self, path: KeyPath) -> list[object]:
        value = self.raw_value(path)
        return value if isinstance(value, list) else []


def count_paths(tiers: Tiers) -> Iterator[tuple[KeyPath, CountSpec]]:
    """Yield what counts toward tiers, each with its place in the file."""
    for name, count in tiers.all_counts.items():
        yield ("tiers", "count") if name == SINGLE_COUNT else ("tiers", "counts", name), count


def key_of(section: str) -> str:
    """Return the key of the file that a section's codes stand under."""
    if section == "locales":
        return "programme.locales"
    return "codes" if section in ("batches", "code_names") else section


def noun_of(section: str) -> FaultText:
    """Return what one of a section is called."""
    return _NOUNS[section]


def _conditions(
    path: KeyPath, when: Expression | None, events: tuple[str, ...] | None
) -> Iterator[PlacedExpression]:
    if when is not None:
        yield PlacedExpression((*path, "when"), when, "condition", events)


def _basis_expressions(
    path: KeyPath, basis: CountBasis | None, events: tuple[str, ...]
) -> Iterator[PlacedExpression]:
    if basis is None:
        return
    if basis.kind == "value":
        yield PlacedExpression((*path, "of"), basis.expression, "number", events)
    else:
        yield PlacedExpression(
            (*path, "of", basis.kind), basis.expression, "condition", events, is_by_line=True
        )
