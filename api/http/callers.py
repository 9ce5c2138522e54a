"""From an Authorization header to a caller: a member or an employee by an access token, a system by its key.

A token that is not accepted makes the caller anonymous, and the request is no error: a phone whose access
token has just expired can still refresh its session with the expired one attached. Whatever needs a caller
then answers UNAUTHENTICATED. A verified token is remembered by its hash until it expires, so that its
signature is checked once, and forgotten when a key is dropped. Whether the session is alive is asked in
memory at each request.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Protocol, get_args

from api.caller import Anonymous, Caller, ClientCaller, MemberCaller, StaffCaller
from api.clock import utc_now
from api.tokens import Claims, TokenRefused, Tokens
from domain.model.values import dataclass
from domain.services.intake.client_registry import AdmittedClient, ClientRegistry
from domain.services.intake.refusals import RefusalCounts
from domain.store.people.sessions import StaffRole

MAX_TOKENS = 10_000
KEY_PREFIX = "selo_"

_STAFF_ROLES: dict[str, StaffRole] = {role.lower(): role for role in get_args(StaffRole)}


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
        self,
        tokens: Tokens,
        sessions: Sessions,
        *,
        clients: ClientRegistry | None = None,
        refusals: RefusalCounts | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take where callers are known; without `clients` no key of a system is. Keys that do not work are
        counted by `refusals`, as those of `/graphql`.
        """
        self._tokens, self._sessions, self._clients, self._clock = tokens, sessions, clients, clock
        self._refusals = refusals
        self._verified: OrderedDict[bytes, _VerifiedToken] = OrderedDict()
        self._verified_without = tokens.dropped

    def of_header(self, authorization: str | None, *, address: str = "") -> Caller:
        """Return the caller that an Authorization header names; `address` is where the request came from."""
        if authorization is None:
            return Anonymous()
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return Anonymous(token_refused=True)
        token = token.strip()
        return self._of_key(token, address) if token.startswith(KEY_PREFIX) else self.of_token(token)

    async def learn(self, authorization: str | None) -> None:
        """Read whose key a header brings, where that is not known yet."""
        if self._clients is not None and authorization is not None and KEY_PREFIX in authorization:
            await self._clients.learn(authorization.partition(" ")[2].strip())

    def _of_key(self, key: str, address: str) -> Caller:
        if self._clients is None:
            return Anonymous(token_refused=True)
        now = self._clock()
        admitted = self._clients.admit(key, address=address, now=now)
        if isinstance(admitted, AdmittedClient):
            return client_caller(admitted)
        if self._refusals is not None:
            self._refusals.count("graphql", admitted.source, admitted.reason, now=now)
        return Anonymous(token_refused=True, key_refused=admitted)

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


def client_caller(admitted: AdmittedClient) -> ClientCaller:
    """Return a system that was admitted as a caller."""
    client = admitted.client
    return ClientCaller(
        client.name,
        admitted.key_id,
        client.store,
        client.source,
        client.scopes,
        client.bounds,
        is_test=client.kind == "test",
    )


def _verified_token(claims: Claims) -> _VerifiedToken:
    return _VerifiedToken(_caller(claims), claims.session, claims.expires_at)


def _caller(claims: Claims) -> Caller:
    if claims.role == "member":
        return MemberCaller(claims.subject, claims.session, claims.device)
    role = _STAFF_ROLES.get(claims.role)
    if role is None or claims.store is None:
        raise TokenRefused("role")
    return StaffCaller(claims.subject, role, claims.store, claims.session, claims.own_members)
