"""FCM v1's documented rules of a message, as a check: names, targets, texts, sizes, times, enums, and what Apple
accepts in its headers.

They come from the REST reference of projects.messages and from Apple's table of headers. An unknown name is
refused, as Google's JSON reader does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]
MOST_BYTES = 4096
LONGEST_TTL_SECONDS = 2_419_200
RESERVED = re.compile(r"from|message_type|(google|gcm)\..*|notification_.*collapse")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _data(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _text(k) and _text(v) and not RESERVED.fullmatch(k) for k, v in value.items()
    )


def _ttl(value: Any) -> bool:
    return (
        _text(value)
        and bool(re.fullmatch(r"\d+(\.\d{1,9})?s", value))
        and float(value[:-1]) <= LONGEST_TTL_SECONDS
    )


def _priority(value: Any) -> bool:
    return _text(value) and value.upper() in ("NORMAL", "HIGH")


def _apns_headers(value: Any) -> bool:
    if not isinstance(value, dict) or not all(
        _text(k) and _text(v) and v.isascii() and v.isprintable() for k, v in value.items()
    ):
        return False
    known = {
        "apns-collapse-id",
        "apns-expiration",
        "apns-priority",
        "apns-push-type",
        "apns-topic",
        "apns-id",
    }
    return (
        value.keys() <= known
        and len(value.get("apns-collapse-id", "").encode()) <= 64
        and value.get("apns-expiration", "0").isdecimal()
        and value.get("apns-priority", "10") in ("1", "5", "10")
    )


def _apns_payload(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("aps"), dict):
        return False
    return _count(value["aps"].get("badge", 0)) and _text(value["aps"].get("sound", ""))


NOTIFICATION: Mapping[str, Check] = {"title": _text, "body": _text, "image": _text}
ANDROID_NOTIFICATION: Mapping[str, Check] = {
    **NOTIFICATION,
    **dict.fromkeys(("icon", "color", "sound", "tag", "click_action", "channel_id", "ticker"), _text),
    "notification_count": _count,
    "sticky": _flag,
}
ANDROID: Mapping[str, Check] = {
    "collapse_key": _text,
    "priority": _priority,
    "ttl": _ttl,
    "restricted_package_name": _text,
    "data": _data,
    "notification": lambda value: _fields(value, ANDROID_NOTIFICATION) is None,
    "direct_boot_ok": _flag,
}
APNS: Mapping[str, Check] = {"headers": _apns_headers, "payload": _apns_payload}
MESSAGE: Mapping[str, Check] = {
    "token": _text,
    "fid": _text,
    "topic": _text,
    "condition": _text,
    "name": _text,
    "data": _data,
    "notification": lambda value: _fields(value, NOTIFICATION) is None,
    "android": lambda value: _fields(value, ANDROID) is None,
    "apns": lambda value: _fields(value, APNS) is None,
}


def fault_of(body: Any) -> str | None:
    """What FCM would refuse in a request's body; None where it is right."""
    if (
        not isinstance(body, dict)
        or not isinstance(body.get("message"), dict)
        or body.keys() - {"message", "validate_only"}
    ):
        return "a request holds `message` and nothing unknown"
    message = body["message"]
    if (fault := _fields(message, MESSAGE)) is not None:
        return f"message.{fault}"
    if sum(name in message for name in ("token", "fid", "topic", "condition")) != 1:
        return "exactly one target"
    notification = message.get("notification", {})
    size = sum(len(f"{k}{v}".encode()) for k, v in {**message.get("data", {}), **notification}.items())
    return f"{size} bytes are more than {MOST_BYTES}" if size > MOST_BYTES else None


def _fields(value: Any, checks: Mapping[str, Check]) -> str | None:
    if not isinstance(value, dict):
        return "not an object"
    for name, held in value.items():
        if name not in checks:
            return f"{name} is unknown"
        if not checks[name](held):
            return f"{name} cannot be {held!r}"
    return None
