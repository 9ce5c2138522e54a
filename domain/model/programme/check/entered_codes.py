"""Codes that members enter: told apart however they are typed, not found by trying, good for something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from domain.model import event_names
from domain.model.code_spelling import normal_code
from domain.model.conditions import Expression
from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.check.expressions import comparisons
from domain.model.programme.faults import Finding, KeyPath, format_path
from domain.model.programme.membership import CodeSpec

_FEWEST_SIGNS: Final = 4
_CODE_PATHS: Final = frozenset({"event.data.code", "event.data.batch", "member.code"})


def check_entered_codes(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find codes that read alike. Warn of those that are found by trying, and of those that nothing comes
    of.
    """
    yield from _alike(checked_file)
    specs = checked_file.programme.codes
    listens = list(_listening_rules(checked_file))
    if listens and not specs and not checked_file.is_incomplete("codes"):
        yield Finding(
            listens[0],
            FaultText("the programme has no codes that members could enter"),
            FaultText("add codes: [{code: SUMMER10, title: Summer}]"),
            is_warning=True,
        )
    for index, spec in enumerate(specs):
        if not _is_used(checked_file, spec):
            key = "code" if spec.code is not None else "batch"
            yield Finding(
                ("codes", index),
                FaultText("nothing comes of entering {name}", name=spec.name),
                FaultText(
                    'add a rule with on: code.entered, when: event.data.{key} == "{name}"',
                    key=key,
                    name=spec.name,
                ),
                is_warning=True,
            )


def _alike(checked_file: CheckedFile) -> Iterator[Finding]:
    first_by_spelling: dict[str, tuple[str, KeyPath]] = {}
    for index, spec in enumerate(checked_file.programme.codes):
        path: KeyPath = ("codes", index, "code" if spec.code is not None else "batch")
        spelling = normal_code(spec.name)
        if spec.code is not None and len(spelling) < _FEWEST_SIGNS:
            yield Finding(
                path,
                FaultText(
                    "{code} has {count} letters and digits: anybody finds it by trying",
                    code=spec.code,
                    count=len(spelling),
                ),
                FaultText("write a code of {fewest} or more, such as SUMMER10", fewest=_FEWEST_SIGNS),
                is_warning=True,
            )
        known = first_by_spelling.setdefault(spelling, (spec.name, path))
        if known[1] != path:
            name, place = known[0], format_path(checked_file.validation.original_path(known[1][:2]))
            message = (
                FaultText("{code} is given already to {place}", code=name, place=place)
                if name == spec.name
                else FaultText(
                    "{code} reads like {other} of {place}", code=spec.name, other=name, place=place
                )
            )
            yield Finding(
                path,
                message,
                FaultText(
                    "give each code and each batch a name of its own; case, dashes, O for 0 and I or"
                    " L for 1 do not tell them apart"
                ),
            )


def _listening_rules(checked_file: CheckedFile) -> Iterator[KeyPath]:
    for index, rule in enumerate(checked_file.programme.rules):
        if event_names.CODE_ENTERED in rule.on:
            yield ("rules", index, "on")


def _is_used(checked_file: CheckedFile, spec: CodeSpec) -> bool:
    """Tell whether something may come of a code: a rule, a badge, a tier's count or the referral hears of it,
    or an expression asks which code a member had at enrolment.
    """
    programme = checked_file.programme
    conditions: list[Expression | None] = [
        *(rule.when for rule in programme.rules_on(event_names.CODE_ENTERED)),
        *(badge.when for badge in programme.badges_on(event_names.CODE_ENTERED)),
    ]
    conditions += [count.when for _, count in programme.counts_on(event_names.CODE_ENTERED)]
    if programme.referral is not None and event_names.CODE_ENTERED in programme.referral.qualifies.on:
        conditions.append(programme.referral.qualifies.when)
    conditions += [
        placed.expression for placed in checked_file.expressions if "member.code" in placed.expression.names
    ]
    return any(_is_meant(condition, spec.name) for condition in conditions)


def _is_meant(condition: Expression | None, name: str) -> bool:
    """Tell whether a condition may hold for a code: it names this one, or none at all."""
    if condition is None or "!=" in condition.source:
        return True
    named = {text for path, text in comparisons(condition) if path in _CODE_PATHS}
    return not named or name in named
