"""Texts: the locales that lack one, placeholders that the events of a message cannot fill, and the words that
follow a number or a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from domain.model.fault_text import FaultText
from domain.model.message_format import MessageMalformed, choices, is_icu, parse_text, placeholders
from domain.model.programme.check.checked_file import CheckedFile, PlacedAction
from domain.model.programme.check.choices import check_choices
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.field_types import LocalizedText, ProgrammePart
from domain.model.programme.models import Programme
from domain.model.programme.vocabulary import BUILT_IN_EVENTS, COMMON_PLACEHOLDERS, EVENT_PLACEHOLDERS

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

# An event that sends a message, and the path of the action.
Sender = tuple[str, KeyPath]


def check_texts(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find placeholders that cannot be filled. Warn of unknown locales, and of parts without a name."""
    programme = checked_file.programme
    for path, message in checked_file.messages:
        code = programme.messages[int(path[1])].code
        senders = list(_sending_events(checked_file, "message", code))
        for key, text in (("title", message.title), ("body", message.body)):
            if text is not None:
                yield from _text_findings(checked_file, (*path, key), text, senders)
        if message.link is not None:
            yield from _plain_findings(checked_file, (*path, "link"), message.link, senders)
    for index, survey in enumerate(programme.surveys):
        senders = list(_sending_events(checked_file, "survey", survey.code))
        yield from _text_findings(checked_file, ("surveys", index, "question"), survey.question, senders)
    yield from _unread_locales(checked_file)
    yield from _unfilled_texts(programme)


def missing_texts(programme: Programme) -> Mapping[str, tuple[KeyPath, ...]]:
    """Return the paths of the texts that each locale lacks, for all locales but the first."""
    texts = list(localized_texts(programme))
    others = programme.programme.locales[1:]
    return {locale: tuple(path for path, text in texts if locale not in text.entries) for locale in others}


def localized_texts(part: ProgrammePart, path: KeyPath = ()) -> Iterator[tuple[KeyPath, LocalizedText]]:
    """Yield every text of a part and of the parts within it, with its path."""
    for name, info in type(part).model_fields.items():
        value, value_path = getattr(part, name), (*path, info.alias or name)
        items: list[tuple[KeyPath, object]] = [(value_path, value)]
        if isinstance(value, tuple):
            items = [((*value_path, n), element) for n, element in enumerate(value)]
        elif isinstance(value, dict):
            items = [((*value_path, str(key)), element) for key, element in value.items()]
        for element_path, element in items:
            if isinstance(element, LocalizedText) and element.entries:
                yield element_path, element
            elif isinstance(element, ProgrammePart):
                yield from localized_texts(element, element_path)


def _unread_locales(checked_file: CheckedFile) -> Iterator[Finding]:
    locales = checked_file.programme.programme.locales
    for path, _ in localized_texts(checked_file.programme):
        raw = checked_file.raw_value(path)
        if raw is None:
            yield Finding(
                path,
                FaultText("members would read the code here"),
                FaultText("add {key}: what members read", key=path[-1]),
                is_warning=True,
            )
        for locale in raw if isinstance(raw, dict) else ():
            if locale not in locales:
                remedy = FaultText(
                    "write one of {known}; put a text with a comma in quotes", known=", ".join(locales)
                )
                yield Finding(
                    path,
                    FaultText('"{locale}" is no locale of this programme, so nobody reads it', locale=locale),
                    remedy,
                    is_warning=True,
                )


def _unfilled_texts(programme: Programme) -> Iterator[Finding]:
    """Warn of placeholders in texts that are shown as they stand."""
    for path, text in localized_texts(programme):
        if path[0] in ("messages", "surveys"):
            continue
        for locale, words in text.entries.items():
            if _PLACEHOLDER.search(words) or is_icu(words):
                yield Finding(
                    path,
                    FaultText("members read its braces as they stand ({locale})", locale=locale),
                    FaultText(
                        "write the words themselves: placeholders are filled in messages and surveys only"
                    ),
                    is_warning=True,
                )


def _text_findings(
    checked_file: CheckedFile, path: KeyPath, text: LocalizedText, senders: list[Sender]
) -> Iterator[Finding]:
    is_map = isinstance(checked_file.raw_value(path), dict)
    events = frozenset(event for event, _ in senders) or _all_events(checked_file)
    for locale, words in text.entries.items():
        text_path = (*path, locale) if is_map else path
        if not is_icu(words):
            yield from _plain_findings(checked_file, text_path, words, senders)
            continue
        try:
            parts = parse_text(words)
        except MessageMalformed as error:
            yield Finding(text_path, error.message, error.remedy)
            continue
        names = {placeholder.name for placeholder in placeholders(parts)}
        names.update(choice.name for choice in choices(parts))
        for name in sorted(names):
            yield from _unfillable(checked_file, text_path, name, senders)
        yield from check_choices(checked_file, text_path, parts, locale=locale, events=events)


def _plain_findings(
    checked_file: CheckedFile, path: KeyPath, words: str, senders: list[Sender]
) -> Iterator[Finding]:
    for name in _PLACEHOLDER.findall(words):
        yield from _unfillable(checked_file, path, name, senders)
    if re.search(r"[{}]", _PLACEHOLDER.sub("", words)):
        yield Finding(
            path, FaultText("a brace stands alone"), FaultText("write placeholders as {member.name}")
        )


def _unfillable(
    checked_file: CheckedFile, path: KeyPath, name: str, senders: list[Sender]
) -> Iterator[Finding]:
    """Check one placeholder: every event that sends the message must have it. Where nothing sends it, some
    event must.
    """
    events = [event for event, _ in senders]
    if name.startswith("event.") and checked_file.partly_declared_events.intersection(
        events or _all_events(checked_file)
    ):
        return
    for event, by in senders:
        if name not in _placeholders_on(checked_file, event):
            known = frozenset.intersection(*(_placeholders_on(checked_file, other) for other in events))
            sender = by[0] if by[0] == "referral" else f"{by[0]}[{by[1]}]"
            yield Finding(
                path,
                FaultText(
                    "{{{name}}} cannot be filled on {event}, where {sender} sends it",
                    name=name,
                    event=event,
                    sender=sender,
                )
                if event
                else FaultText(
                    "{{{name}}} cannot be filled, where {sender} sends it", name=name, sender=sender
                ),
                suggestion(name, known, FaultText("")),
            )
            return
    if not senders:
        known = COMMON_PLACEHOLDERS.union(
            *EVENT_PLACEHOLDERS.values(),
            *(_placeholders_on(checked_file, event) for event in _all_events(checked_file)),
        )
        if name not in known:
            yield Finding(
                path,
                FaultText("{{{name}}} is no placeholder", name=name),
                suggestion(name, known, FaultText("remove it")),
            )


def _placeholders_on(checked_file: CheckedFile, event: str) -> frozenset[str]:
    fields = checked_file.fields(event) or {}
    return (
        COMMON_PLACEHOLDERS
        | EVENT_PLACEHOLDERS.get(event, frozenset())
        | {f"event.{field}" for field in fields}
    )


def _all_events(checked_file: CheckedFile) -> frozenset[str]:
    return checked_file.codes("events").union(BUILT_IN_EVENTS)


def _sending_events(
    checked_file: CheckedFile, kind: Literal["message", "survey"], code: str
) -> Iterator[Sender]:
    """Yield each event that sends a message or a survey. The event of a badge or a referral is not known, and
    is given as an empty text.
    """
    for placed in checked_file.actions:
        if _sent_code(placed, kind) == code:
            path = checked_file.validation.original_path(placed.path)
            for event in placed.events if placed.by == "rule" else ("",):
                if not event or checked_file.fields(event) is not None:
                    yield event, path


def _sent_code(placed: PlacedAction, kind: Literal["message", "survey"]) -> str | None:
    return placed.action.message if kind == "message" else placed.action.survey
