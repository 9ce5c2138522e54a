"""Addresses that a programme file names: of the terms, of pictures, and of the places that messages lead to.

    page      https://..., or a path of this server such as /terms.html
    picture   https://..., a path of this server such as /media/coin.svg, or a name that an app knows
    link      https://..., a path, mailto: or tel:, or the scheme of an app such as app://rewards

An app or a browser that opens a `javascript:` address runs it as the page's own code; `data:`, `file:`,
`intent:` and the like open what nobody looked at. So they are faults of a file. A version that was published
before this check may still hold one: then `safe_address` answers None, and nothing shows it.
"""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import urlsplit

from domain.model.fault_text import FaultText

AddressKind = Literal["page", "picture", "link"]

# Schemes with "//" that are no app's: they run code, or read what belongs to the device or to the browser.
_UNSAFE_SCHEMES: Final = frozenset(
    {
        "about",
        "blob",
        "chrome",
        "content",
        "data",
        "file",
        "filesystem",
        "ftp",
        "intent",
        "jar",
        "javascript",
        "livescript",
        "resource",
        "vbscript",
        "view-source",
        "ws",
        "wss",
    }
)
_WRITING_SCHEMES: Final = frozenset({"mailto", "sms", "tel"})
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)", re.DOTALL)
_FORBIDDEN: Final = re.compile(r"[\s\\<>\"^`|]")
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
_REMEDIES: Final = {
    "page": FaultText("write an address that begins with https://"),
    "picture": FaultText("write an address that begins with https://, or a path such as /media/coin.svg"),
    "link": FaultText(
        "write an address that begins with https://, or with the scheme of your app, such as app://rewards"
    ),
}


def safe_address(text: str | None, kind: AddressKind) -> str | None:
    """Return an address that may be shown; None where there is none, or it is not safe to open."""
    return text if text and address_fault(text, kind) is None else None


def address_fault(text: str, kind: AddressKind) -> tuple[FaultText, FaultText] | None:
    """Return what is wrong with an address, and the remedy; None where nothing is."""
    message = _fault(_PLACEHOLDER.sub("x", text) if kind == "link" else text, kind)
    if message is not None:
        return message, _REMEDIES[kind]
    if kind == "link" and text.startswith("{"):
        return FaultText("begins with a placeholder, so that its scheme is not known"), _REMEDIES[kind]
    return None


def lacks_scheme(text: str) -> bool:
    """Tell whether a link is probably an address that lacks its https://, such as www.shop.example/rewards.
    What a published version holds, and what an event brings, is not judged so: `safe_address` takes a path.
    """
    return (
        _SCHEME.fullmatch(text) is None
        and "." in re.split("[/?#]", _PLACEHOLDER.sub("x", text), maxsplit=1)[0]
    )


def is_unencrypted(text: str) -> bool:
    """Tell whether whoever is on the way can change what an address answers."""
    return text[:5].lower() == "http:"


def _fault(text: str, kind: AddressKind) -> FaultText | None:
    if not text.isprintable() or _FORBIDDEN.search(text):
        return FaultText("holds a space, a control character or a sign that no address holds")
    match = _SCHEME.fullmatch(text)
    if match is None:
        return _path_fault(text, kind)
    scheme, rest = match[1].lower(), match[2]
    if scheme in ("http", "https"):
        return None if _has_host(text) else FaultText("names no host, or a user before it")
    if kind == "link" and (
        scheme in _WRITING_SCHEMES or (rest.startswith("//") and scheme not in _UNSAFE_SCHEMES)
    ):
        return None
    return FaultText("has the scheme {scheme}:, which is not opened from here", scheme=scheme)


def _path_fault(text: str, kind: AddressKind) -> FaultText | None:
    if text.startswith("//"):
        return FaultText("names a host without a scheme")
    if kind == "page" and not text.startswith("/"):
        return FaultText("is no address")
    # Before its first slash nothing may look like a scheme to a lenient reader.
    return FaultText("is no address") if ":" in text.partition("/")[0] else None


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc
