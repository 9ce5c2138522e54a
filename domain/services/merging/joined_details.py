"""The profile of a membership that took another one over: what it lacked is filled in, and of each consent
the newer answer holds. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.model.values import dataclass
from domain.store.people.consent_answers import ConsentAnswer
from domain.store.people.details import Details

FILLED_FIELDS = ("name", "email", "phone", "birthday")
ATTRIBUTE, CONSENT = "attribute:", "consent:"


@dataclass(frozen=True, slots=True)
class JoinedDetails:
    """Details with what another membership filled in, by the names of these fields, and the answers that
    newer ones took the place of.
    """

    details: Details
    filled: tuple[str, ...]
    earlier_answers: tuple[ConsentAnswer, ...]


def join(details: Details, other: Details) -> JoinedDetails:
    """Return the details of a membership that takes another one over."""
    filled = [name for name in FILLED_FIELDS if not getattr(details, name) and getattr(other, name)]
    joined = replace(details, **{name: getattr(other, name) for name in filled})
    if "birthday" in filled:
        joined = replace(joined, celebrated_from=other.celebrated_from)
    attributes = {**other.attributes, **details.attributes}
    filled += [f"{ATTRIBUTE}{name}" for name in other.attributes if name not in details.attributes]
    answers, newer = {answer.purpose: answer for answer in details.consents}, list[ConsentAnswer]()
    earlier = list[ConsentAnswer]()
    for answer in other.consents:
        known = answers.get(answer.purpose)
        if known is None or _rules(answer, known):
            newer.append(answer)
            earlier += [known] if known is not None else []
            answers[answer.purpose] = answer
    filled += [f"{CONSENT}{answer.purpose}" for answer in newer]
    joined = replace(joined, attributes=attributes, consents=tuple(answers.values()))
    return JoinedDetails(joined, tuple(filled), tuple(earlier))


def part(
    details: Details, other: Details, filled: tuple[str, ...], earlier: tuple[ConsentAnswer, ...]
) -> Details:
    """Return details without what another membership had filled in, where it was not changed since. `earlier`
    are the answers that newer ones took the place of, oldest first.
    """
    left = details
    for name in FILLED_FIELDS:
        if name in filled and getattr(details, name) == getattr(other, name):
            left = replace(left, **{name: Details("").__getattribute__(name)})
    attributes = {
        name: value
        for name, value in details.attributes.items()
        if f"{ATTRIBUTE}{name}" not in filled or value != other.attributes.get(name)
    }
    other_answers: Mapping[str, ConsentAnswer] = {answer.purpose: answer for answer in other.consents}
    before = {answer.purpose: answer for answer in earlier}
    consents = list[ConsentAnswer]()
    for answer in details.consents:
        was_filled = f"{CONSENT}{answer.purpose}" in filled and answer == other_answers.get(answer.purpose)
        if not was_filled:
            consents.append(answer)
        elif answer.purpose in before:
            consents.append(before[answer.purpose])
    return replace(left, attributes=attributes, consents=tuple(consents))


def _rules(answer: ConsentAnswer, known: ConsentAnswer) -> bool:
    """Tell whether an answer takes the place of another: it is newer, or withdraws at the same instant."""
    return answer.at > known.at or (answer.at == known.at and known.granted and not answer.granted)
