"""Texts: which locales lack one, and whether every placeholder can be filled by the events that bring its
message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from domain.model.programme.faults import Finding, Path, instead
from domain.model.programme.messages import Message
from domain.model.programme.models import Programme
from domain.model.programme.view import View
from domain.model.programme.vocabulary import ALWAYS, BUILT_IN, PLACEHOLDERS
from domain.model.programme.words import Part, Text

_BRACES: Final = re.compile(r"\{([^{}]*)\}")


def check_texts(view: View) -> Iterator[Finding]:
    """Find placeholders that cannot be filled; warn of texts that are missing in a locale, or nameless
    parts.
    """
    for at, message in enumerate(view.programme.messages):
        yield from _placeholders(view, ("messages", at), message)
    yield from _locales(view)


def missing_texts(programme: Programme) -> Mapping[str, tuple[Path, ...]]:
    """Return for each locale but the first the texts that it lacks."""
    texts = list(texts_of(programme))
    others = programme.programme.locales[1:]
    return {locale: tuple(path for path, text in texts if locale not in text.entries) for locale in others}


def texts_of(part: Part, path: Path = ()) -> Iterator[tuple[Path, Text]]:
    """Yield every text below a part with its path."""
    for name, info in type(part).model_fields.items():
        value, at = getattr(part, name), (*path, info.alias or name)
        items = (
            [(at, value)]
            if not isinstance(value, tuple)
            else [((*at, n), item) for n, item in enumerate(value)]
        )
        for place, item in items:
            if isinstance(item, Text) and item.entries:
                yield place, item
            elif isinstance(item, Part):
                yield from texts_of(item, place)


def _locales(view: View) -> Iterator[Finding]:
    locales = view.programme.programme.locales
    for path, _ in texts_of(view.programme):
        raw = view.raw(path)
        if raw is None:
            yield Finding(
                path, "members would read the code here", f"add {path[-1]}: what members read", hint=True
            )
        for locale in raw if isinstance(raw, dict) else ():
            if locale not in locales:
                remedy = f"write one of {', '.join(locales)}; put a text with a comma in quotes"
                yield Finding(
                    path, f'"{locale}" is no locale of this programme, so nobody reads it', remedy, hint=True
                )


def _placeholders(view: View, path: Path, message: Message) -> Iterator[Finding]:
    senders = list(_senders(view, message.code))
    for key, text in (("title", message.title), ("body", message.body), ("link", message.link)):
        entries = {"": text} if isinstance(text, str) else text.entries if text is not None else {}
        for locale, body in entries.items():
            at = (*path, key, locale) if locale and isinstance(view.raw((*path, key)), dict) else (*path, key)
            for name in _BRACES.findall(body):
                yield from _filled(view, at, name, senders)
            if re.search(r"[{}]", _BRACES.sub("", body)):
                yield Finding(at, "a brace stands alone", "write placeholders as {member.name}")


def _filled(view: View, path: Path, name: str, senders: list[tuple[str, Path]]) -> Iterator[Finding]:
    """Judge one placeholder: every event that brings the message must have it; where none does, some
    event.
    """
    events = [event for event, _ in senders]
    for event, by in senders:
        if name not in _fillable(view, event):
            known = frozenset.intersection(*(_fillable(view, other) for other in events))
            sender = by[0] if by[0] == "referral" else f"{by[0]}[{by[1]}]"
            yield Finding(
                path,
                f"{{{name}}} cannot be filled{f' on {event}' if event else ''}, where {sender} sends it",
                instead(name, known, ""),
            )
            return
    if not senders:
        known = ALWAYS.union(
            *PLACEHOLDERS.values(), *(_fillable(view, event) for event in (*BUILT_IN, *view.codes("events")))
        )
        if name not in known:
            yield Finding(path, f"{{{name}}} is no placeholder", instead(name, known, "remove it"))


def _fillable(view: View, event: str) -> frozenset[str]:
    fields = view.fields(event) or {}
    return ALWAYS | PLACEHOLDERS.get(event, frozenset()) | {f"event.{field}" for field in fields}


def _senders(view: View, code: str) -> Iterator[tuple[str, Path]]:
    """Yield each event that brings a message, with who sends it. Badges and referrals send on whatever event
    brought them: none is sure.
    """
    for doing in view.doings:
        if doing.action.message == code:
            place = view.shape.original(doing.path)
            for event in doing.events if doing.by == "rule" else ("",):
                if not event or view.fields(event) is not None:
                    yield event, place
