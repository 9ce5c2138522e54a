"""What the checks look at: the programme, the codes its file names, and every place where something is done,
told or judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from domain.model.conditions import Expression
from domain.model.programme.faults import Path
from domain.model.programme.models import Programme
from domain.model.programme.rules import Action, Of
from domain.model.programme.shaping import Shape
from domain.model.programme.vocabulary import BUILT_IN, DECLARED, Word

_CODED: Final[Mapping[str, tuple[Path, str]]] = {
    "wallets": (("wallets",), "code"),
    "events": (("events",), "name"),
    "rules": (("rules",), "code"),
    "tiers": (("tiers", "ladder"), "code"),
    "badges": (("badges",), "code"),
    "rewards": (("rewards",), "code"),
    "segments": (("segments",), "code"),
    "plans": (("plans",), "code"),
    "messages": (("messages",), "code"),
    "consents": (("consents",), "purpose"),
    "surveys": (("surveys",), "code"),
    "leaderboards": (("leaderboards",), "code"),
}
_Judged = tuple[Path, tuple[str, ...], Expression | None, Of | None]


@dataclass(frozen=True, slots=True)
class Doing:
    """An action, where it stands, who does it, and the events it is done on."""

    path: Path
    action: Action
    by: Literal["rule", "badge", "referral"]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An expression, where it stands, what it must answer, and what it is judged over: events, or the member
    alone where there are none.
    """

    path: Path
    expression: Expression
    wants: Literal["condition", "number"]
    events: tuple[str, ...] | None
    line: bool = False


@dataclass(frozen=True)
class View:
    """A shaped programme and the file it came from. Codes are the file's, also those of parts that could not
    be shaped.
    """

    programme: Programme
    data: Mapping[str, object]
    shape: Shape

    @cached_property
    def places_of(self) -> Mapping[str, Mapping[str, Path]]:
        """Each section's codes, with the path of the first part that bears it."""
        return {section: dict(self._codes(*where)) for section, where in _CODED.items()}

    def codes(self, section: str) -> frozenset[str]:
        """Return the codes of a section."""
        if section == "locales":
            return frozenset(self.programme.programme.locales)
        return frozenset(self.places_of[section])

    def lacks(self, section: str) -> bool:
        """Tell whether a section could not be taken as it is, or stands under a misspelt key: then its codes
        are not all known.
        """
        misspelt = section not in self.data and any(len(finding.path) == 1 for finding in self.shape.findings)
        uncoded = any(
            path[:1] == ("wallets",) and (len(path) < 3 or path[2] == "code") for path in self.shape.removed
        )
        return misspelt or (section == "wallets" and uncoded)

    def coded(self, section: str) -> Iterator[tuple[Path, str]]:
        """Yield the path of each code that a section of the file gives, in its order."""
        at, key = _CODED[section]
        for place, part in enumerate(self._list(at)):
            code = part.get(key) if isinstance(part, dict) else None
            if isinstance(code, str):
                yield (*at, place, key), code

    def fields(self, event: str) -> Mapping[str, Word] | None:
        """Return what an event's data holds; None where there is no such event."""
        if event in BUILT_IN:
            return BUILT_IN[event]
        declared = next((spec for spec in self.programme.events if spec.name == event), None)
        if declared is None:
            return None
        return {name: Word(DECLARED[kind], nullable=True) for name, kind in declared.data.items()}

    @cached_property
    def half_known(self) -> frozenset[str]:
        """The events whose declared data could not all be shaped, so that not all of their fields are
        known.
        """
        faulty = {removed[:3] for removed in self.shape.removed}
        declared = enumerate(self.programme.events)
        return frozenset(
            spec.name for at, spec in declared if self.shape.original(("events", at, "data")) in faulty
        )

    def raw(self, path: Path) -> object:
        """Return what the file holds at a shaped path; None where it holds nothing."""
        found: object = self.data
        for step in self.shape.original(path):
            if isinstance(found, dict):
                found = found.get(str(step))
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    @cached_property
    def doings(self) -> tuple[Doing, ...]:
        """Everything that is done."""
        programme, found = self.programme, list[Doing]()
        for at, rule in enumerate(programme.rules):
            found += (
                Doing(("rules", at, "do", n), action, "rule", rule.on) for n, action in enumerate(rule.do)
            )
        for at, badge in enumerate(programme.badges):
            found += (
                Doing(("badges", at, "do", n), action, "badge", badge.on) for n, action in enumerate(badge.do)
            )
        if programme.referral is not None:
            given = {"friend": programme.referral.friend, "referrer": programme.referral.referrer}
            for who, actions in given.items():
                found += (
                    Doing(("referral", who, n), action, "referral", ()) for n, action in enumerate(actions)
                )
        return tuple(found)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every expression."""
        programme, found = self.programme, list[Place]()
        judged: list[_Judged] = [
            (("rules", at), rule.on, rule.when, None) for at, rule in enumerate(programme.rules)
        ]
        judged += [
            (("badges", at), badge.on, badge.when, badge.of) for at, badge in enumerate(programme.badges)
        ]
        if programme.tiers is not None:
            count = programme.tiers.count
            judged.append((("tiers", "count"), count.on, count.when, count.of))
        if programme.referral is not None:
            qualifies = programme.referral.qualifies
            judged.append((("referral", "qualifies"), qualifies.on, qualifies.when, None))
        for path, events, when, of in judged:
            if when is not None:
                found.append(Place((*path, "when"), when, "condition", events))
            found += _counted(path, of, events)
        over_member = [(("rewards", at), reward.when) for at, reward in enumerate(programme.rewards)]
        over_member += [(("segments", at), segment.when) for at, segment in enumerate(programme.segments)]
        found += (
            Place((*path, "when"), when, "condition", None) for path, when in over_member if when is not None
        )
        for doing in self.doings:
            if doing.action.award is not None and doing.by != "referral":
                found += _counted((*doing.path, "award"), doing.action.award.of, doing.events)
        return tuple(found)

    def _codes(self, at: Path, key: str) -> Iterator[tuple[str, Path]]:
        for place, part in reversed(list(enumerate(self._list(at)))):
            if isinstance(part, dict) and isinstance(part.get(key), str):
                yield part[key], (*at, place)

    def _list(self, at: Path) -> list[object]:
        found = self.raw(at)
        return found if isinstance(found, list) else []


def _counted(path: Path, of: Of | None, events: tuple[str, ...]) -> Iterator[Place]:
    if of is None:
        return
    if of.kind == "value":
        yield Place((*path, "of"), of.expr, "number", events)
    else:
        yield Place((*path, "of", of.kind), of.expr, "condition", events, line=True)
