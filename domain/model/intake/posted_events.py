"""Events that a system posts: our own form, or CloudEvents 1.0 (structured, batch, binary), each item read by
itself, with what is wrong told by field, fault and remedy.

    {"id": "n-17", "type": "newsletter.subscribed", "at": "2026-03-04T10:00:00Z",
     "member": {"email": "ana@example.com"}, "data": {}}

A CloudEvent has the same under its own names: `time` is `at`, and its `data` holds `member` beside the
fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import unquote

import orjson

from domain.model.intake.bodies import BodyMalformed, parse_body
from domain.model.intake.instants import InstantUnreadable, instant_of
from domain.model.intake.order_state import MemberHints
from domain.model.programme.faults import suggestion
from domain.model.values import dataclass

PostedForm = Literal["own", "cloudevents"]
MOST_ITEMS: Final = 100
LONGEST_ID: Final = 128
LONGEST_CONTACT: Final = 254
LONGEST_SOURCE: Final = 2_000
KEYS: Final = ("id", "type", "at", "member", "data")
MEMBER_KEYS: Final = ("number", "email", "phone", "customer")
JSON_TYPE, EVENT_TYPE, BATCH_TYPE = (
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
CONTENT_TYPES: Final = (JSON_TYPE, EVENT_TYPE, BATCH_TYPE)
_HEADER: Final = "ce-"
_AT_EXAMPLE: Final = "write 2026-03-04T10:00:00Z, or Unix time"
MEMBER_EXAMPLE: Final = 'write {"email": "ana@example.com"}, or number, phone, customer'


# ---------------------------------------------------------------- errors
class ItemRefused(ValueError):
    """An item, or a whole body, that cannot be taken: the field, what is wrong, and what would be right."""

    def __init__(self, field: str, message: str, remedy: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message, self.remedy = _writable(field), message, _writable(remedy)


# ---------------------------------------------------------------- values
@dataclass(frozen=True, slots=True)
class PostedBody:
    """The items of a body, still as they came."""

    form: PostedForm
    items: Sequence[object]


@dataclass(frozen=True, slots=True)
class PostedEvent:
    """An event as a system posted it. `origin` is the source that a CloudEvent names: its id counts within
    it. `member` holds personal data: it is stored sealed, or as hashes.
    """

    id: str
    type: str
    at: datetime | None
    member: Mapping[str, str]
    fields: Mapping[str, object]
    origin: str = ""

    @property
    def number(self) -> str:
        """Return the event's lasting identity within the system that posts it."""
        if not self.origin:
            return self.id
        return f"cloudevent {sha256(f'{len(self.origin)}:{self.origin}{self.id}'.encode()).hexdigest()}"

    @property
    def hints(self) -> MemberHints:
        """Return who it may be about."""
        contacts = (self.member.get("email"), self.member.get("phone"))
        number = self.member.get("number")
        return MemberHints(
            self.member.get("customer"),
            tuple(contact for contact in contacts if contact is not None),
            () if number is None else (number,),
        )

    def as_bytes(self) -> bytes:
        """Return the event in its one spelling, which `from_bytes` reads. Raises ItemRefused for a text that
        is no Unicode.
        """
        row = {
            "id": self.id,
            "type": self.type,
            "at": self.at,
            "member": dict(self.member),
            "data": dict(self.fields),
            "origin": self.origin,
        }
        try:
            return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
        except TypeError:  # half of a surrogate pair, which JSON can spell
            raise ItemRefused("data", "holds a text that is no Unicode", "write it in UTF-8") from None

    @classmethod
    def from_bytes(cls, raw: bytes) -> PostedEvent:
        """Return an event that `as_bytes` wrote."""
        row = orjson.loads(raw)
        at = None if row["at"] is None else datetime.fromisoformat(row["at"])
        return cls(row["id"], row["type"], at, row["member"], row["data"], row["origin"])


# ---------------------------------------------------------------- bodies
def read_body(raw: bytes, content_type: str, headers: Mapping[str, str]) -> PostedBody:
    """Return the items of a body of one of CONTENT_TYPES; headers by names in lower case.

    Raises ItemRefused.
    """
    try:
        value = parse_body(raw)
    except BodyMalformed as fault:
        raise ItemRefused("body", str(fault), "send one JSON object, or an array of them") from None
    if content_type == JSON_TYPE and f"{_HEADER}specversion" in headers:
        attributes: dict[str, object] = {
            name.removeprefix(_HEADER): unquote(text)
            for name, text in headers.items()
            if name.startswith(_HEADER)
        }
        return PostedBody("cloudevents", [{**attributes, "data": value}])
    form: PostedForm = "own" if content_type == JSON_TYPE else "cloudevents"
    is_list = isinstance(value, list)
    if is_list is (content_type == EVENT_TYPE) and is_list:
        raise ItemRefused("body", "an array is no single CloudEvent", f"send it as {BATCH_TYPE}")
    if content_type == BATCH_TYPE and not is_list:
        raise ItemRefused("body", "a batch is an array", f"send a single event as {EVENT_TYPE}")
    items = value if isinstance(value, list) else [value]
    if not 0 < len(items) <= MOST_ITEMS:
        message = "the array is empty" if not items else f"the array has {len(items)} items"
        raise ItemRefused("body", message, f"send 1 to {MOST_ITEMS} at once")
    return PostedBody(form, items)


def posted_id(posted: object) -> str | None:
    """Return the id of an item as it came, to name it in an answer; None where it has none."""
    id = posted.get("id") if isinstance(posted, dict) else None
    return _writable(id[:LONGEST_ID]) if isinstance(id, str) else None


def _writable(text: str) -> str:
    """Return a text without halves of surrogate pairs, so that an answer can name it."""
    return text.encode("utf-8", "replace").decode()


# ---------------------------------------------------------------- items
def read_item(posted: object, form: PostedForm, *, zone: str) -> PostedEvent:
    """Return an item as an event; `zone` is that of an instant without one. Raises ItemRefused."""
    if not isinstance(posted, dict):
        raise ItemRefused("", "the item is no object", 'write {"id": ..., "type": ..., "data": {...}}')
    return _own_event(posted, zone) if form == "own" else _cloud_event(posted, zone)


def _own_event(posted: Mapping[str, object], zone: str) -> PostedEvent:
    _only_keys(posted, KEYS, "")
    fields = posted.get("data")
    return PostedEvent(
        _text(posted, "id", LONGEST_ID),
        _text(posted, "type", LONGEST_ID),
        _instant(posted, "at", zone),
        _member(posted.get("member"), "member"),
        _object({} if fields is None else fields, "data"),
    )


def _cloud_event(posted: Mapping[str, object], zone: str) -> PostedEvent:
    if posted.get("specversion") != "1.0":
        raise ItemRefused("specversion", "this is no CloudEvent of version 1.0", 'write "specversion": "1.0"')
    if "data_base64" in posted:
        raise ItemRefused("data_base64", "binary data is not read", "send data as a JSON object")
    fields = dict(_object({} if posted.get("data") is None else posted["data"], "data"))
    member = fields.pop("member", None)
    return PostedEvent(
        _text(posted, "id", LONGEST_ID),
        _text(posted, "type", LONGEST_ID),
        _instant(posted, "time", zone),
        _member(member, "data.member"),
        fields,
        _text(posted, "source", LONGEST_SOURCE),
    )


def _only_keys(posted: Mapping[str, object], known: Sequence[str], path: str) -> None:
    for name in posted:
        if name not in known:
            raise ItemRefused(
                f"{path}{name[:64]}", "is not known here", suggestion(name[:64], known, "remove it")
            )


def _text(posted: Mapping[str, object], name: str, longest: int) -> str:
    value = posted.get(name)
    if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable() and value.strip():
        return value
    fault = "is missing" if value is None else "is no text that can be used"
    raise ItemRefused(name, fault, f"write 1 to {longest} printable characters")


def _instant(posted: Mapping[str, object], name: str, zone: str) -> datetime | None:
    value = posted.get(name)
    if value is None:
        return None
    try:
        return instant_of(value, zone)
    except InstantUnreadable as fault:
        raise ItemRefused(name, str(fault), _AT_EXAMPLE) from None


def _member(value: object, path: str) -> Mapping[str, str]:
    if value is None:
        return {}
    member = _object(value, path)
    _only_keys(member, MEMBER_KEYS, f"{path}.")
    for name, text in member.items():
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST_CONTACT:
            raise ItemRefused(f"{path}.{name}", "is no text that can be used", MEMBER_EXAMPLE)
    return {name: text.strip() for name, text in member.items() if isinstance(text, str)}


def _object(value: object, path: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise ItemRefused(path, "is no object", f'write "{path}": {{...}}')
