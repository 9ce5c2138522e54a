"""Whom an order may be of: by the customer that was bound before, by contacts, by a membership number in a
note.

An unproven contact only ever credits. What is kept of the hints are hashes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from domain.model.intake.order_state import MemberHints
from domain.model.people import contacts as spelling
from domain.model.people import sign_in as rules
from domain.model.people.codes import CodeKind, classify
from domain.model.people.contacts import Contact
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.intake import bindings
from domain.store.people import contacts

LONGEST_NOTE = 2_000
MOST_NUMBERS = 20
_DIGITS = re.compile(r"(?<!\w)\d(?:[ -]?\d)*(?!\w)")


def read_contacts(hints: MemberHints) -> tuple[Contact, ...]:
    """Return the contacts that can be read, each once; others are dropped."""
    readable = dict[Contact, None]()
    for text in hints.contacts:
        try:
            readable[spelling.read_contact(text)] = None
        except spelling.ContactMalformed:
            continue
    return tuple(readable)


def contact_hashes(identity: IdentityRuntime, hints: MemberHints) -> tuple[str, ...]:
    """Return the hashes by which an order waits for its contacts."""
    return tuple(rules.contact_hash(identity.secret, contact.key) for contact in read_contacts(hints))


def all_contact_hashes(identity: IdentityRuntime, readable: Iterable[Contact]) -> list[str]:
    """Return the hashes of contacts by the secret and those before it."""
    return [
        rules.contact_hash(secret, contact.key) for contact in readable for secret in identity.all_secrets
    ]


def customer_hash(identity: IdentityRuntime, source: str, customer: str) -> str:
    """Return the hash of a source's customer."""
    return _customer_hash(identity.secret, source, customer)


def customer_hashes(identity: IdentityRuntime, source: str, customer: str | None) -> list[str]:
    """Return the hashes of a source's customer by the secret and those before it; none without a customer."""
    if customer is None:
        return []
    return [_customer_hash(secret, source, customer) for secret in identity.all_secrets]


def _customer_hash(secret: bytes, source: str, customer: str) -> str:
    return rules.contact_hash(secret, f"customer:{len(source)}:{source}:{customer}")


async def find_member(identity: IdentityRuntime, source: str, hints: MemberHints) -> str | None:
    """Return the member whom the hints name; None where nobody is known by any of them."""
    hashes = customer_hashes(identity, source, hints.customer)
    if hashes and (member := await bindings.find_member(identity.store, hashes)) is not None:
        return member
    keys = [contact.key for contact in read_contacts(hints)]
    keys += [contacts.number_key(number) for number in _numbers(hints.numbers)]
    for key in keys:
        if (member := await contacts.find_member(identity.store, key)) is not None:
            return member
    return None


def _numbers(notes: Sequence[str]) -> list[str]:
    """Return the membership numbers that notes hold, in one piece or in groups, whatever is around them."""
    runs = [run for note in notes for run in _DIGITS.findall(note[:LONGEST_NOTE])]
    codes = (classify(digits) for digits in dict.fromkeys([*runs, *" ".join(runs).split()]))
    return [code.text for code in codes if code.kind is CodeKind.NUMBER][:MOST_NUMBERS]
