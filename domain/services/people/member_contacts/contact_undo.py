"""A change of contact undone by whoever had the contact before: by the link in the notice, within a week.

The change and every later one of the membership are taken back, so that a thief cannot save a second one;
every session ends, and no device is known any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog

from domain.model.people.contacts import Contact, ContactKind
from domain.model.people.sign_in import token_hash
from domain.services.decisions import load_member
from domain.services.errors import LinkExpired
from domain.services.people import profile_changes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.services.people.member_contacts.contact_change import with_contact_value
from domain.services.people.sessions import end_all
from domain.store.audit import MEMBER_ACTOR, simple_act_write
from domain.store.document_store import Write
from domain.store.ledger import members
from domain.store.ledger.members import ProfileChange, StoredMember
from domain.store.people import contact_changes, contacts, devices, known_devices
from domain.store.people.contact_changes import StoredContactChange
from domain.store.people.details import Details

log = structlog.get_logger(__name__)


# ---------------------------------------------------------------- rules
def contacts_before(changes: Sequence[StoredContactChange]) -> dict[ContactKind, Contact | None]:
    """Return what each kind of contact was before the first of some changes, oldest first."""
    before: dict[ContactKind, Contact | None] = {}
    for change in changes:
        before.setdefault(change.kind, change.old)
    return before


def _with_contacts(details: Details, before: dict[ContactKind, Contact | None]) -> Details:
    for kind, contact in before.items():
        value = contact.value if contact is not None else None
        details = with_contact_value(details, kind, value)
    return details


def _contact_writes(member: str, changes: Sequence[StoredContactChange]) -> list[Write]:
    """Return the writes that give back what was before some changes, and release all that came since."""
    restored = {each.key for each in contacts_before(changes).values() if each is not None}
    touched = {each.key for change in changes for each in (change.old, change.new) if each is not None}
    return [
        *(contacts.keep_write(key, member) for key in sorted(restored)),
        *(contacts.release_write(key, member) for key in sorted(touched - restored)),
    ]


# ---------------------------------------------------------------- writes
async def undo_change(identity: IdentityRuntime, token: str, *, now: datetime) -> int:
    """Undo a change of contact and all later ones; return how many sessions ended.

    Raises LinkExpired, also where the membership was merged into another one by now: its contacts are that
    one's.
    """
    change = await contact_changes.find(identity.store, token_hash(token), now=now)
    if change is None:
        raise LinkExpired
    member = change.member

    async def attempt() -> None:
        changes = await contact_changes.find_open(identity.store, member, now=now)
        undone = [each for each in changes if (each.at, each.id) >= (change.at, change.id)]
        if change not in undone:
            raise LinkExpired
        stored_member = await _load_unmerged(identity, member)
        details = _with_contacts(stored_member.details, contacts_before(undone))
        writes = [
            *(contact_changes.undo_write(each.id, now=now) for each in undone),
            *_contact_writes(member, undone),
            members.profile_write(member, ProfileChange(stored_member.profile_version, details)),
            *profile_changes.told_writes(identity, stored_member, details, now=now),
            simple_act_write(
                "CONTACT_CHANGE_UNDONE", actor=MEMBER_ACTOR, now=now, subject=change.kind, member=member
            ),
        ]
        try:
            await identity.store.transact(writes)
        except contact_changes.ChangeUndone:
            raise LinkExpired from None

    await _load_unmerged(identity, member)  # before sessions end
    ended = await end_sessions(identity, member, now)
    await identity.store.run_rounds(attempt, queue=member)
    # Whoever signed in by the new contact in between is out as well.
    ended += await end_sessions(identity, member, now)
    log.warning("contacts.change_undone", member=member, channel=change.kind, sessions=ended)
    return ended


async def _load_unmerged(identity: IdentityRuntime, member: str) -> StoredMember:
    """Return a member. Raises LinkExpired for one that was merged into another."""
    stored_member = await load_member(identity, member)
    if stored_member.member.id != member:
        raise LinkExpired
    return stored_member


async def end_sessions(identity: IdentityRuntime, member: str, now: datetime) -> int:
    """End every session of a member, and forget their devices; return how many sessions ended."""
    await devices.remove_all(identity.store, member)
    await known_devices.forget_all(identity.store, member)
    return await end_all(identity, f"member:{member}", reason="contact", now=now)
