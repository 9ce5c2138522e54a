"""Sessions: opened at a sign-in, refreshed by tokens that work once, ended by their owner or by a theft."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Literal

import structlog

from domain.model.people.sessions import (
    SECRET_BYTES,
    SESSION_BYTES,
    RefreshToken,
    SessionTerms,
    SessionTokens,
    answered_successor,
    first_token,
    idle_until,
    read_token,
    successor,
    use_of,
    write_token,
)
from domain.model.values import dataclass
from domain.services.errors import SignInRefused
from domain.services.four_eyes.own_memberships import find_own_memberships
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.document_store import Write
from domain.store.people import devices, sessions, staff
from domain.store.people.sessions import Session, SessionKind, StaffRole

EndReason = Literal[
    "moved", "signed_out", "theft", "disabled", "password", "second_factor", "contact", "deleted", "merged"
]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session, and its next refresh token. No access token outlives `session.expires_at`."""

    session: Session
    refresh_token: str


def new_session(
    identity: IdentityRuntime,
    kind: SessionKind,
    owner_id: str,
    *,
    now: datetime,
    role: StaffRole | None = None,
    store: str | None = None,
    own_members: tuple[str, ...] = (),
    installation: str | None = None,
    random: bytes | None = None,
) -> OpenedSession:
    """Return a new session of a member or an employee, not written yet; `random` are its 48 bytes, by
    default new ones.
    """
    token = first_token(random or secrets.token_bytes(SESSION_BYTES + SECRET_BYTES))
    session = Session(
        id=token.session,
        kind=kind,
        owner_id=owner_id,
        began_at=now,
        expires_at=idle_until(_session_terms(identity, kind), began=now, now=now),
        tokens=SessionTokens(token.hashed, None, now),
        role=role,
        store=store,
        own_members=own_members,
        installation=installation,
    )
    return OpenedSession(session, write_token(token, key=identity.secret))


def open_writes(session: Session) -> list[Write]:
    """Return the writes that open a session. The device that it signed in on now belongs to this session."""
    device = (
        None if session.installation is None else devices.device_id(session.owner_id, session.installation)
    )
    return [
        sessions.open_write(session),
        *([devices.attach_session_write(device, session.id)] if device is not None else []),
    ]


async def open_session(identity: IdentityRuntime, opened_session: OpenedSession, *writes: Write) -> None:
    """Write a new session in one transaction with the writes that allow it. Raises what they raise."""

    async def attempt() -> None:
        await identity.store.transact([*writes, *open_writes(opened_session.session)])

    await identity.store.run_rounds(attempt)


async def reopen(identity: IdentityRuntime, random: bytes, *, now: datetime) -> OpenedSession:
    """Return the session that these bytes opened, with its first refresh token, to whoever asks again.

    Raises SignInRefused(SESSION_ENDED) where the client has gone on from it, or the session has ended.
    """
    token = first_token(random)
    session = await sessions.find(identity.store, token.session)
    if session is None or not session.is_alive(now) or use_of(token, session.tokens) == "again":
        raise SignInRefused("SESSION_ENDED")
    return OpenedSession(session, write_token(token, key=identity.secret))


async def refresh(identity: IdentityRuntime, refresh_token: str, *, now: datetime) -> OpenedSession:
    """Return the next refresh token for one that works. Raises SignInRefused(SESSION_ENDED).

    The last one again, while its successor was not used, is a retry and gets the same answer, whenever it
    comes. Any other used one is a theft: the session ends.
    """
    token = read_token(refresh_token, keys=identity.all_secrets)
    if token is None:
        raise SignInRefused("SESSION_ENDED")
    next_token = successor(token, key=identity.secret)
    for _ in range(2):  # a caller that loses the race to rotate gets the answer of a retry
        session = await sessions.find(identity.store, token.session)
        if session is None or not session.is_alive(now):
            raise SignInRefused("SESSION_ENDED")
        session = await _with_current_memberships(identity, session)
        match use_of(token, session.tokens):
            case "retry":
                next_token = answered_successor(token, session.tokens, keys=identity.all_secrets)
                return OpenedSession(session, write_token(next_token, key=identity.secret))
            case "again":
                await _end_stolen(identity, session, now)
                raise SignInRefused("SESSION_ENDED")
        if (refreshed_session := await _rotate(identity, session, token, next_token, now)) is not None:
            return refreshed_session
    raise SignInRefused("SESSION_ENDED")


async def sign_out(
    identity: IdentityRuntime, session: str, *, everywhere: bool = False, now: datetime
) -> int:
    """End a session, or all of its owner; return how many ended.

    Its devices go first, so that the next holder of the phone sees no push of the member.
    """
    stored_session = await sessions.find(identity.store, session)
    if stored_session is None:
        return 0
    if everywhere:
        if stored_session.kind == "member":
            await devices.remove_all(identity.store, stored_session.owner_id)
        return await end_all(identity, stored_session.subject, reason="signed_out", now=now)
    await devices.remove_by_session(identity.store, stored_session.owner_id, session)
    ended = await sessions.end_session(identity.store, session, reason="signed_out", now=now)
    identity.session_registry.note_ended([session], now=now)
    return int(ended)


async def end_all(identity: IdentityRuntime, subject: str, *, reason: EndReason, now: datetime) -> int:
    """End every session of `member:ID` or `staff:ID`; return how many ended."""
    ended = await sessions.end_all(identity.store, subject, reason=reason, now=now)
    identity.session_registry.note_ended(ended, now=now)
    return len(ended)


async def _with_current_memberships(identity: IdentityRuntime, session: Session) -> Session:
    """Return a session with the memberships that an employee has now: one may have begun during the shift."""
    employee = await staff.find(identity.store, session.owner_id) if session.kind == "staff" else None
    return (
        session
        if employee is None
        else replace(session, own_members=await find_own_memberships(identity.store, employee))
    )


async def _rotate(
    identity: IdentityRuntime, session: Session, token: RefreshToken, next_token: RefreshToken, now: datetime
) -> OpenedSession | None:
    expires_at = idle_until(_session_terms(identity, session.kind), began=session.began_at, now=now)
    if not await sessions.rotate(
        identity.store, session.id, old=token.hashed, new=next_token.hashed, until=expires_at, now=now
    ):
        return None
    if session.kind == "member":  # the phone is in use: it keeps its pushes
        await devices.touch(identity.store, session.owner_id, session.id, now=now)
    return OpenedSession(
        sessions.after_rotation(session, new=next_token.hashed, until=expires_at, now=now),
        write_token(next_token, key=identity.secret),
    )


async def _end_stolen(identity: IdentityRuntime, session: Session, now: datetime) -> None:
    await sessions.end_session(identity.store, session.id, reason="theft", now=now)
    identity.session_registry.note_ended([session.id], now=now)
    # The thief's device too: it must get no pushes of the member.
    await devices.remove_by_session(identity.store, session.owner_id, session.id)
    log.warning("session.refresh_used_twice", session=session.id, subject=session.subject)


def _session_terms(identity: IdentityRuntime, kind: SessionKind) -> SessionTerms:
    return identity.member_terms if kind == "member" else identity.staff_terms
