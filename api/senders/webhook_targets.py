"""Where webhooks go, as `SELO_WEBHOOKS` says:

    {"shop": {"url": "https://...", "secret": "..."},
     "crm": {"url": "https://...", "secret": ["the new one", "the old one"], "events": ["member.enrolled"]}}

`events` are those that the address is told of without a rule. While a secret is changed there are two, and
each body is signed by both.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import field
from ipaddress import ip_address

from httpx import URL, InvalidURL

from domain.model.event_names import TOLD_EVENTS
from domain.model.programme.faults import suggestion
from domain.model.standard_webhooks import PREFIX
from domain.model.values import dataclass

SECRET_CHARACTERS = 32
SECRET_BYTES = 24  # the least of Standard Webhooks
MOST_SECRETS = 2


class WebhooksUnusable(ValueError):
    """Webhooks that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """The address of a webhook, the secrets shared with it, newest first, and the events that it is told of
    without a rule.
    """

    url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    events: tuple[str, ...] = ()


def read_targets(text: str) -> dict[str, WebhookTarget]:
    """Return the webhooks by their names. Raises WebhooksUnusable."""
    try:
        rows = json.loads(text)
    except ValueError:
        rows = None
    if not isinstance(rows, dict):
        raise WebhooksUnusable(
            'it is a JSON object, such as {"shop": {"url": "https://...", "secret": "..."}}.'
        )
    return {name: _read_target(name, row) for name, row in rows.items()}


def _read_target(name: str, row: object) -> WebhookTarget:
    if not isinstance(row, dict) or not {"url", "secret"} <= row.keys() <= {"url", "secret", "events"}:
        raise WebhooksUnusable(
            f'"{name}" is not {{"url": "https://...", "secret": "..."}}, with "events" where it has some.'
        )
    url, secret, events = row["url"], row["secret"], row.get("events", [])
    written = secret if isinstance(secret, list) else [secret]
    if not isinstance(url, str) or not written or not all(isinstance(one, str) for one in written):
        raise WebhooksUnusable(f'"{name}" is not {{"url": "https://...", "secret": "..."}}.')
    if not is_safe_url(url):
        raise WebhooksUnusable(
            f'the url of "{name}" does not begin with https:// and a host (http:// is for this machine only).'
        )
    if len(written) > MOST_SECRETS:
        raise WebhooksUnusable(
            f'"{name}" has more than {MOST_SECRETS} secrets: the new one, and the old one.'
        )
    for each in written:
        _expect_strong(name, each)
    return WebhookTarget(url, tuple(written), _read_events(name, events))


def _expect_strong(name: str, secret: str) -> None:
    if len(secret) < SECRET_CHARACTERS:
        raise WebhooksUnusable(f'the secret of "{name}" has fewer than {SECRET_CHARACTERS} characters.')
    if secret.startswith(PREFIX):
        try:
            is_strong = len(base64.b64decode(secret.removeprefix(PREFIX), validate=True)) >= SECRET_BYTES
        except binascii.Error:
            is_strong = False
        if not is_strong:
            raise WebhooksUnusable(
                f'the secret of "{name}" begins with {PREFIX}, but no base64 of {SECRET_BYTES} bytes or more'
                " follows."
            )


def _read_events(name: str, events: object) -> tuple[str, ...]:
    if not isinstance(events, list) or not all(isinstance(one, str) for one in events):
        raise WebhooksUnusable(f'the events of "{name}" are a list, such as ["member.enrolled"].')
    for event in events:
        if event not in TOLD_EVENTS:
            hint = suggestion(event, TOLD_EVENTS, "name one of them")
            raise WebhooksUnusable(f'"{name}" cannot be told of {event}: {hint}')
    return tuple(dict.fromkeys(events))


def is_safe_url(url: str) -> bool:
    """Tell whether requests to this address stay private: HTTPS, or HTTP on this machine."""
    try:
        parsed = URL(url)
    except InvalidURL:
        return False
    return bool(parsed.host) and (
        parsed.scheme == "https" or (parsed.scheme == "http" and is_this_machine(parsed.host))
    )


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
