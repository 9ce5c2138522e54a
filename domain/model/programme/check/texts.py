"""Texts: which locales lack one, and whether every placeholder can be filled by the events that bring its
message.
"""

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


def check_texts(view: CheckedFile) -> Iterator[Finding]:
    """Find placeholders that cannot be filled; warn of texts that are missing in a locale, or nameless
    parts.
    """
    for at, message in enumerate(view.programme.messages):
        yield from _placeholder_findings(view, ("messages", at), message)
    yield from _unread_locales(view)


def missing_texts(programme: Programme) -> Mapping[str, tuple[KeyPath, ...]]:
    """Return for each locale but the first the texts that it lacks."""
    texts = list(localized_texts(programme))
    others = programme.programme.locales[1:]
    return {locale: tuple(path for path, text in texts if locale not in text.entries) for locale in others}


def localized_texts(part: ProgrammePart, path: KeyPath = ()) -> Iterator[tuple[KeyPath, LocalizedText]]:
    """Yield every text below a part with its path."""
    for name, info in type(part).model_fields.items():
        value, at = getattr(part, name), (*path, info.alias or name)
        items = (
            [(at, value)]
            if not isinstance(value, tuple)
            else [((*at, n), item) for n, item in enumerate(value)]
        )
        for place, element in items:
            if isinstance(element, LocalizedText) and element.entries:
                yield place, element
            elif isinstance(element, ProgrammePart):
                yield from localized_texts(element, place)


def _unread_locales(view: CheckedFile) -> Iterator[Finding]:
    locales = view.programme.programme.locales
    for path, _ in localized_texts(view.programme):
        raw = view.raw_value(path)
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


def _placeholder_findings(view: CheckedFile, path: KeyPath, message: MessageSpec) -> Iterator[Finding]:
    senders = list(_sending_events(view, message.code))
    for key, text in (("title", message.title), ("body", message.body), ("link", message.link)):
        entries = {"": text} if isinstance(text, str) else text.entries if text is not None else {}
        for locale, body in entries.items():
            at = (
                (*path, key, locale)
                if locale and isinstance(view.raw_value((*path, key)), dict)
                else (*path, key)
            )
            for name in _PLACEHOLDER.findall(body):
                yield from _unfillable(view, at, name, senders)
            if re.search(r"[{}]", _PLACEHOLDER.sub("", body)):
                yield Finding(at, "a brace stands alone", "write placeholders as {member.name}")


def _unfillable(
    view: CheckedFile, path: KeyPath, name: str, senders: list[tuple[str, KeyPath]]
) -> Iterator[Finding]:
    """Judge one placeholder: every event that brings the message must have it; where none does, some
    event.
    """
    events = [event for event, _ in senders]
    for event, by in senders:
        if name not in _placeholders_on(view, event):
            known = frozenset.intersection(*(_placeholders_on(view, other) for other in events))
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
            *(_placeholders_on(view, event) for event in (*BUILT_IN_EVENTS, *view.codes("events"))),
        )
        if name not in known:
            yield Finding(path, f"{{{name}}} is no placeholder", suggestion(name, known, "remove it"))


def _placeholders_on(view: CheckedFile, event: str) -> frozenset[str]:
    fields = view.fields(event) or {}
    return (
        COMMON_PLACEHOLDERS
        | EVENT_PLACEHOLDERS.get(event, frozenset())
        | {f"event.{field}" for field in fields}
    )


def _sending_events(view: CheckedFile, code: str) -> Iterator[tuple[str, KeyPath]]:
    """Yield each event that brings a message, with who sends it. Badges and referrals send on whatever event
    brought them: none is sure.
    """
    for placed in view.actions:
        if placed.action.message == code:
            place = view.validation.original_path(placed.path)
            for event in placed.events if placed.by == "rule" else ("",):
                if not event or view.fields(event) is not None:
                    yield event, place
