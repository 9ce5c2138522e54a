"""Texts: the locales that lack one, and placeholders that the events of a message cannot fill."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.field_types import LocalizedText, ProgrammePart
from domain.model.programme.messages import MessageSpec
from domain.model.programme.models import Programme
from domain.model.programme.vocabulary import BUILT_IN_EVENTS, COMMON_PLACEHOLDERS, EVENT_PLACEHOLDERS

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def check_texts(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find placeholders that cannot be filled. Warn of unknown locales, and of parts without a name."""
    for index, message in enumerate(checked_file.programme.messages):
        yield from _placeholder_findings(checked_file, ("messages", index), message)
    yield from _unread_locales(checked_file)


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
                "members would read the code here",
                f"add {path[-1]}: what members read",
                is_warning=True,
            )
        for locale in raw if isinstance(raw, dict) else ():
            if locale not in locales:
                remedy = f"write one of {', '.join(locales)}; put a text with a comma in quotes"
                yield Finding(
                    path,
                    f'"{locale}" is no locale of this programme, so nobody reads it',
                    remedy,
                    is_warning=True,
                )


def _placeholder_findings(
    checked_file: CheckedFile, path: KeyPath, message: MessageSpec
) -> Iterator[Finding]:
    senders = list(_sending_events(checked_file, message.code))
    for key, text in (("title", message.title), ("body", message.body), ("link", message.link)):
        entries = {"": text} if isinstance(text, str) else text.entries if text is not None else {}
        for locale, body in entries.items():
            text_path = (
                (*path, key, locale)
                if locale and isinstance(checked_file.raw_value((*path, key)), dict)
                else (*path, key)
            )
            for name in _PLACEHOLDER.findall(body):
                yield from _unfillable(checked_file, text_path, name, senders)
            if re.search(r"[{}]", _PLACEHOLDER.sub("", body)):
                yield Finding(text_path, "a brace stands alone", "write placeholders as {member.name}")


def _unfillable(
    checked_file: CheckedFile, path: KeyPath, name: str, senders: list[tuple[str, KeyPath]]
) -> Iterator[Finding]:
    """Check one placeholder: every event that sends the message must have it. Where nothing sends it, some
    event must.
    """
    events = [event for event, _ in senders]
    for event, by in senders:
        if name not in _placeholders_on(checked_file, event):
            known = frozenset.intersection(*(_placeholders_on(checked_file, other) for other in events))
            sender = by[0] if by[0] == "referral" else f"{by[0]}[{by[1]}]"
            yield Finding(
                path,
                f"{{{name}}} cannot be filled{f' on {event}' if event else ''}, where {sender} sends it",
                suggestion(name, known, ""),
            )
            return
    if not senders:
        known = COMMON_PLACEHOLDERS.union(
            *EVENT_PLACEHOLDERS.values(),
            *(
                _placeholders_on(checked_file, event)
                for event in (*BUILT_IN_EVENTS, *checked_file.codes("events"))
            ),
        )
        if name not in known:
            yield Finding(path, f"{{{name}}} is no placeholder", suggestion(name, known, "remove it"))


def _placeholders_on(checked_file: CheckedFile, event: str) -> frozenset[str]:
    fields = checked_file.fields(event) or {}
    return (
        COMMON_PLACEHOLDERS
        | EVENT_PLACEHOLDERS.get(event, frozenset())
        | {f"event.{field}" for field in fields}
    )


def _sending_events(checked_file: CheckedFile, code: str) -> Iterator[tuple[str, KeyPath]]:
    """Yield each event that sends a message, with the path of the action. The event of a badge or a referral
    is not known, and is given as an empty text.
    """
    for placed in checked_file.actions:
        if placed.action.message == code:
            path = checked_file.validation.original_path(placed.path)
            for event in placed.events if placed.by == "rule" else ("",):
                if not event or checked_file.fields(event) is not None:
                    yield event, path
