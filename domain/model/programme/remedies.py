"""What to write instead: remedies that can be copied into the file as they stand, where one rule of thumb for
all keys would lead nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.model.fault_text import FaultText
from domain.model.programme.faults import KeyPath

_ANOTHER_WALLET: Final = FaultText("{wallet}, or another wallet")
# The value to add for a key that is missing; `PART.KEY` goes before `KEY`. What follows the value after a
# comma is advice.
_MISSING_VALUES: Final[Mapping[str, str]] = {
    "programme": "{code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [en]}",
    "currency": FaultText("EUR, or another ISO 4217 code"),
    "timezone": FaultText("Europe/Lisbon, or another IANA name"),
    "locales": FaultText("[en], the default one first"),
    "wallets": "[{code: points, name: Points}]",
    "code": FaultText("welcome, or another word of its own"),
    "name": FaultText('"What people read"'),
    "title": FaultText('"What members read"'),
    "question": FaultText('"What members are asked"'),
    "wording": FaultText('"What members agree to"'),
    "purpose": FaultText("marketing, or another word"),
    "events.name": FaultText("shop.visited, or another word of its own"),
    "on": FaultText("purchase.completed, or another event"),
    "when": FaultText("member.purchases.count >= 5, or another condition"),
    "do": FaultText("[{tag: welcome}], or another action such as award"),
    "wallet": _ANOTHER_WALLET,
    "times": "1",
    "amount": "500",
    "fixed": "50",
    "per": FaultText("month, or day, week, year or ever"),
    "streak.per": FaultText("week, or day, month or year"),
    "levels.every": "10",
    "count": "{wallet: WALLET}",
    "window": FaultText("{rolling: {months: 12}}, or calendar_year, or {from_reaching: {months: 12}}"),
    "ladder": "[{code: basic, name: Basic, from: 0}]",
    "codes.title": FaultText('"What members read when they enter it"'),
    "attributes.name": FaultText("size, or another word of letters, digits and _"),
    "kind": FaultText("string, or int, bool, date or choice"),
    "qualifies": "{on: purchase.completed}",
    "latitude": FaultText("38.71, in degrees"),
    "longitude": FaultText("-9.14, in degrees"),
    "inactive": "{months: 36}",
    "units": FaultText("100, of the wallet"),
    "worth": FaultText("500, in minor units"),
}


def missing_remedy(path: KeyPath, content: Mapping[str, object]) -> FaultText:
    """Return what to add where a key is missing."""
    name = str(path[-1])
    part = next((str(step) for step in reversed(path[:-1]) if isinstance(step, str)), "")
    if (part, name) == ("ladder", "from"):
        return FaultText("add from: {value}", value=_from_above_the_tier_below(path, content))
    if (part, name) == ("attributes", "kind") and _has_choices(path, content):
        return FaultText("add kind: choice, or remove choices")
    value = _MISSING_VALUES.get(f"{part}.{name}", _MISSING_VALUES.get(name, "..."))
    wallet = _first_wallet(content)
    if value is _ANOTHER_WALLET:
        value = _ANOTHER_WALLET.filled(wallet=wallet)
    elif not isinstance(value, FaultText):
        value = value.replace("WALLET", wallet)
    return FaultText("add {name}: {value}", name=name, value=value)


def _has_choices(path: KeyPath, content: Mapping[str, object]) -> bool:
    attributes, index = content.get("attributes"), path[-2]
    spec = attributes[index] if isinstance(attributes, list) and isinstance(index, int) else None
    return isinstance(spec, dict) and "choices" in spec


def _first_wallet(content: Mapping[str, object]) -> str:
    wallets = content.get("wallets")
    first = wallets[0] if isinstance(wallets, list) and wallets else None
    code = first.get("code") if isinstance(first, dict) else None
    return code if isinstance(code, str) else "points"


def _from_above_the_tier_below(path: KeyPath, content: Mapping[str, object]) -> str:
    tiers, index = content.get("tiers"), path[-2]
    ladder = tiers.get("ladder") if isinstance(tiers, dict) else None
    below = ladder[index - 1] if isinstance(ladder, list) and isinstance(index, int) and index > 0 else None
    reached = below.get("from") if isinstance(below, dict) else None
    counts = tiers.get("counts") if isinstance(tiers, dict) else None
    if isinstance(counts, dict) and counts and index != 0:
        name = next(iter(counts))
        known = reached.get(name) if isinstance(reached, dict) else None
        more = known + 10 if isinstance(known, int) else 10
        return FaultText(
            "{{{name}: {amount}}}, or another amount of each count that reaches it", name=name, amount=more
        )
    if not isinstance(reached, int):
        return "0" if index == 0 else FaultText("1000, or another amount above the tier before")
    return FaultText("{amount}, or another amount above {below}", amount=reached + 1000, below=reached)


def unknown_award_key_remedy(name: str, value: object) -> FaultText | None:
    """Return what to write for a key that awards of other systems have; None for any other key."""
    if name in ("percent", "percentage", "rate"):
        return _percent_remedy(value)
    if name in ("points", "value", "number"):
        fixed = value if isinstance(value, int) and not isinstance(value, bool) else 50
        return FaultText("write fixed: {amount}", amount=fixed)
    return None


def _percent_remedy(value: object) -> FaultText:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    share = Fraction(str(value)) if is_number and 0 < Fraction(str(value)) <= 100 else Fraction(5)
    return FaultText(
        "write amount: {amount}, per: {per}, of: purchase.eligible for {percent} percent of what is paid",
        amount=share.numerator,
        per=100 * share.denominator,
        percent=f"{float(share):g}",
    )


def text_remedy(name: str, value: object) -> FaultText:
    """Return what to write where a text is wanted and something else stands."""
    if value is None:
        return FaultText("write what {name} is, in quotes, or remove the key", name=name)
    if not isinstance(value, dict | list):
        return FaultText("put it in quotes")
    texts = [text for text in (value.values() if isinstance(value, dict) else value) if isinstance(text, str)]
    if len(texts) != 1:
        return FaultText("write one text, in quotes: {name}: ...", name=name)
    duration = value.get("for") if isinstance(value, dict) else None
    if name == "tier" and isinstance(duration, dict) and len(duration) == 1:
        [(unit, count)] = duration.items()
        return FaultText(
            "write tier: {tier}, for: {{{unit}: {count}}}, both as keys of the action",
            tier=texts[0],
            unit=unit,
            count=count,
        )
    return FaultText("write {name}: {text}", name=name, text=texts[0])
