"""What an events file says of holds: `hold` is a label that its later lines call it by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from domain.model.event_names import HOLD_PLACED, HOLD_RELEASED
from domain.model.ledger.events import Event, Json
from domain.model.ledger.holding.effects import DEFAULT_MINUTES, MAX_MINUTES
from domain.model.ledger.holding.holds import holds_of
from domain.model.ledger.lots import FiscalUse
from domain.model.ledger.member import Member
from domain.model.programme import Programme
from domain.model.simulate.inputs import DATA_FIELDS, InputLine

HOLD_EVENTS = frozenset({HOLD_PLACED, HOLD_RELEASED})
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_data(line: InputLine, member: Member, programme: Programme) -> Mapping[str, Json]:
    """Read the data of a hold that is placed or released. Raises InputMalformed."""
    if line.name == HOLD_RELEASED:
        return {"hold": line.require("hold", str)}
    label, minutes = line.require("hold", str), line.whole_number("minutes", least=1, default=DEFAULT_MINUTES)
    if not _LABEL.fullmatch(label):
        raise line.malformed(f"data.hold is {label!r}; write 1 to 64 letters, digits, - and _")
    if any(placed.key == label for placed in holds_of(member)):
        raise line.malformed(f"data.hold {label!r} is taken; give each hold a label of its own")
    if minutes > MAX_MINUTES:
        raise line.malformed(f"data.minutes is {minutes}; write at most {MAX_MINUTES}, seven days")
    return {
        "hold": label,
        "wallet": line.require_code("wallet", (spec.code for spec in programme.wallets)),
        "amount": line.whole_number("amount", least=1),
        "order": line.require("order", str),
        "store": line.get("store", str),
        "total": line.whole_number("total", least=0),
        "minutes": minutes,
        "fiscal": _fiscal_use(line),
    }


def input_data(event: Event) -> dict[str, Json]:
    """Return what an events file says of a hold that was placed or released."""
    return {field: event.data.get(field) for field in DATA_FIELDS[event.name]}


def _fiscal_use(line: InputLine) -> str:
    use = line.get("fiscal", str) or "DISCOUNT"
    if use not in get_args(FiscalUse):
        raise line.malformed(f"data.fiscal is {use!r}; write {' or '.join(get_args(FiscalUse))}")
    return use
