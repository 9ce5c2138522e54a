"""From an Authorization header to a caller.

A token that is not accepted makes the caller anonymous, and the request is no error: a phone whose access
token has just expired can still refresh its session with the expired one attached. Whatever needs a caller
then answers UNAUTHENTICATED. A verified token is remembered by its hash until it expires, so that its
signature is checked once, and forgotten when a key is dropped. Whether the session is alive is asked in
memory at each request.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from api.caller import Anonymous, Caller, MemberCaller, StaffCaller
from api.clock import utc_now
from api.tokens import Claims, TokenRefused, Tokens
from domain.store.people.sessions import StaffRole

MAX_TOKENS = 10_000

_STAFF_ROLES: dict[str, StaffRole] = {"cashier": "CASHIER", "manager": "MANAGER", "operator": "OPERATOR"}


class Sessions(Protocol):
    """The state of sessions, in memory."""

    def is_alive(self, session: str) -> bool:
        """Tell whether a session has not ended."""

    def serving(self, session: str, on_end: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `on_end` as soon as the session ends, while the block runs."""


@dataclass(frozen=True, slots=True)
class _VerifiedToken:
    caller: Caller
    session: str
    ends_at: datetime


class Callers:
    """The callers that bearer tokens name."""

    def __init__(
        self, tokens: Tokens, sessions: Sessions, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._tokens, self._sessions, self._clock = tokens, sessions, clock
        self._verified: OrderedDict[bytes, _VerifiedToken] = OrderedDict()
        self._verified_without = tokens.dropped

    def of_header(self, authorization: str | None) -> Caller:
        """Return the caller that an Authorization header names."""
        if authorization is None:
            return Anonymous()
        scheme, _, token = authorization.partition(" ")
        return self.of_token(token.strip()) if scheme.lower() == "bearer" else Anonymous(token_refused=True)

    def is_alive(self, caller: MemberCaller) -> bool:
        """Tell whether a caller's session is alive. A socket asks this, because its token was checked only
        once.
        """
        return self._sessions.is_alive(caller.session_id)

    @contextmanager
    def serving(self, caller: MemberCaller, on_end: Callable[[], None]) -> Iterator[None]:
        """Call `on_end` as soon as a caller's session ends, or any key is dropped, while the block runs."""
        with self._sessions.serving(caller.session_id, on_end), self._tokens.serving(on_end):
            yield

    def of_token(self, token: str) -> Caller:
        """Return the caller that an access token names."""
        if self._verified_without is not self._tokens.dropped:
            self._verified.clear()
            self._verified_without = self._tokens.dropped
        key = sha256(token.encode("utf-8", "replace")).digest()
        verified = self._verified.get(key)
        if verified is None or verified.ends_at <= self._clock():
            self._verified.pop(key, None)
            try:
                verified = _verified_token(self._tokens.verify(token))
            except TokenRefused:
                return Anonymous(token_refused=True)
            self._verified[key] = verified
            if len(self._verified) > MAX_TOKENS:
                self._verified.popitem(last=False)
        return verified.caller if self._sessions.is_alive(verified.session) else Anonymous(token_refused=True)


def _verified_token(claims: Claims) -> _VerifiedToken:
    return _VerifiedToken(_caller(claims), claims.session, claims.expires_at)


def _caller(claims: Claims) -> Caller:
    if claims.role == "member":
        return MemberCaller(claims.subject, claims.session, claims.device)
    role = _STAFF_ROLES.get(claims.role)
    if role is None or claims.store is None:
        raise TokenRefused("role")
    return StaffCaller(claims.subject, role, claims.store, claims.session, claims.own_members)
