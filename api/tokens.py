"""Signed tokens: who may call (access), and which member a till may act for (visit). EdDSA over Ed25519 only.

A token is accepted only if all of this holds: `typ` and `aud` are those of the expected purpose, `alg` is
EdDSA, `kid` is a key of ours that was not dropped, the signature is right, `iss`, `aud`, `sub`, `role`,
`sid`, `iat` and `exp` are present and right, it was made for an hour at most, and it has not expired (5 s of
leeway). Whoever admits a caller also asks whether the session is alive. An access token is one of RFC 9068:
it names its client and has an id of its own.

`keys.py` decides which keys there are; here the keys and the clock are arguments.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum

import jwt
import structlog

from api.keys import Keys, TokenKey
from domain.model.values import dataclass

log = structlog.get_logger(__name__)

ALGORITHM = "EdDSA"
LEEWAY = timedelta(seconds=5)
VISIT_DURATION = timedelta(minutes=5)
MAX_DURATION = timedelta(hours=1)
MEMBER_CLIENT, STAFF_CLIENT = "selo:app", "selo:till"
MAX_LENGTH = 2_000
REQUIRED = ("iss", "aud", "sub", "role", "sid", "iat", "exp")


# --- errors
# ----------------------------------------------------------------------------------------------------------


class TokenRefused(Exception):
    """A token that is not accepted. The reason is for our logs and tests, never for the client."""


class NoSigningKey(Exception):
    """Every key of this process was dropped: it needs another, and a restart."""


class TokenExpired(TokenRefused):
    """A token of ours that has expired and is right in all else."""


# --- values
# ----------------------------------------------------------------------------------------------------------


class Purpose(Enum):
    """What a token is for: its header `typ` and its audience. One kind is never accepted as another."""

    ACCESS = ("at+jwt", "selo")
    VISIT = ("visit+jwt", "selo:visit")

    @property
    def typ(self) -> str:
        return self.value[0]

    @property
    def audience(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of an accepted token.

    `role` is member, or an employee's in lower case; a visit's is visit, and its `sid` the till's session.
    `own_members` are an employee's own memberships, which the employee may not serve. `card` where a visit
    began with a card's code, not with a number.
    """

    subject: str
    role: str
    session: str
    expires_at: datetime
    store: str | None = None
    device: str | None = None
    own_members: tuple[str, ...] = ()
    card: bool = False


@dataclass(frozen=True, slots=True)
class IssuedToken:
    token: str
    expires_at: datetime


# --- rules
# -----------------------------------------------------------------------------------------------------------


def sign(key: TokenKey, purpose: Purpose, claims: Claims, *, issuer: str, now: datetime) -> IssuedToken:
    """Return a signed token with these claims."""
    expires_at = claims.expires_at.replace(microsecond=0)
    payload: dict[str, object] = {
        "iss": issuer,
        "aud": purpose.audience,
        "sub": claims.subject,
        "role": claims.role,
        "sid": claims.session,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
    }
    optional_claims = (
        ("store", claims.store),
        ("device", claims.device),
        ("own_members", list(claims.own_members) or None),
        ("card", claims.card or None),
    )
    payload |= {name: value for name, value in optional_claims if value is not None}
    if purpose is Purpose.ACCESS:
        payload["jti"] = secrets.token_urlsafe(16)
        payload["client_id"] = MEMBER_CLIENT if claims.role == "member" else STAFF_CLIENT
    text = jwt.encode(payload, key.private, algorithm=ALGORITHM, headers={"typ": purpose.typ, "kid": key.kid})
    return IssuedToken(text, expires_at)


def verify(
    token: str, purpose: Purpose, keys: Mapping[str, TokenKey], *, issuer: str, now: datetime
) -> Claims:
    """Return the claims of this token. Raises TokenRefused unless everything about it holds."""
    if len(token) > MAX_LENGTH:
        raise TokenRefused("too long")
    try:
        header = jwt.get_unverified_header(token)
        key = keys.get(str(header.get("kid")))
        if header.get("typ") != purpose.typ or header.get("alg") != ALGORITHM or key is None:
            raise TokenRefused("typ, alg or kid")
        payload: Mapping[str, object] = jwt.decode(
            token,
            key.public,
            algorithms=[ALGORITHM],
            audience=purpose.audience,
            issuer=issuer,
            # Times are checked below, by the clock that was passed.
            options={
                "require": list(REQUIRED),
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "strict_aud": True,
            },
        )
    except (jwt.PyJWTError, ValueError) as fault:
        raise TokenRefused(type(fault).__name__) from None
    expires_at, issued_at = _instant_claim(payload, "exp"), _instant_claim(payload, "iat")
    if expires_at - issued_at > MAX_DURATION:
        raise TokenRefused("lifetime")
    if issued_at - LEEWAY > now:
        raise TokenRefused("iat")
    if expires_at + LEEWAY <= now:
        raise TokenExpired("exp")
    return Claims(
        subject=_text_claim(payload, "sub"),
        role=_text_claim(payload, "role"),
        session=_text_claim(payload, "sid"),
        expires_at=expires_at,
        store=_text_claim(payload, "store") if "store" in payload else None,
        device=_text_claim(payload, "device") if "device" in payload else None,
        own_members=_text_list_claim(payload, "own_members") if "own_members" in payload else (),
        card=payload.get("card") is True,
    )


def _instant_claim(payload: Mapping[str, object], name: str) -> datetime:
    value = payload[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        raise TokenRefused(name)
    return datetime.fromtimestamp(value, UTC)


def _text_claim(payload: Mapping[str, object], name: str) -> str:
    value = payload[name]
    if not isinstance(value, str) or not value:
        raise TokenRefused(name)
    return value


def _text_list_claim(payload: Mapping[str, object], name: str) -> tuple[str, ...]:
    values = payload[name]
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise TokenRefused(name)
    return tuple(values)


# --- the tokens of one process
# ---------------------------------------------------------------------------------------


class Tokens:
    """Signs the tokens of this process and verifies those that clients bring."""

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        clock: Callable[[], datetime],
        access_duration: timedelta = timedelta(minutes=15),
        reload_keys: Callable[[], Keys] | None = None,
    ) -> None:
        """Take the keys as they are. `reload_keys` reads them again when a token names a key that another
        process made.
        """
        self._signing: TokenKey | None = keys.signing
        self._verifying = dict(keys.verifying)
        self._dropped: frozenset[str] = frozenset()
        self._drop_callbacks: set[Callable[[], None]] = set()
        self._issuer, self._clock, self._access_duration, self._reload_keys = (
            issuer,
            clock,
            access_duration,
            reload_keys,
        )
        self._reloaded_at = clock()

    def access(
        self,
        *,
        subject: str,
        role: str,
        session: str,
        store: str | None = None,
        device: str | None = None,
        own_members: tuple[str, ...] = (),
        until: datetime | None = None,
    ) -> IssuedToken:
        """Return an access token for a member (role `member`) or an employee (role and store) in a session.

        The token expires at `until` at the latest, where the session ends.
        """
        expires_at = self._clock() + self._access_duration
        expires_at = expires_at if until is None else min(expires_at, until)
        return self._sign(
            Purpose.ACCESS, Claims(subject, role, session, expires_at, store, device, own_members)
        )

    def visit(
        self, *, member: str, store: str, session: str, at: datetime | None = None, card: bool = False
    ) -> IssuedToken:
        """Return a token that lets this store act for this member for 5 minutes; `session` is the till's.

        `at` is when the visit began, where that was not now: the same visit asked for again is the same
        token.
        """
        now = at or self._clock()
        claims = Claims(member, "visit", session, now + VISIT_DURATION, store, card=card)
        return sign(self._signing_key(), Purpose.VISIT, claims, issuer=self._issuer, now=now)

    def verify(self, token: str, purpose: Purpose = Purpose.ACCESS, *, at: datetime | None = None) -> Claims:
        """Return the claims of a token that is valid now, or was at an instant `at`. Raises TokenRefused.

        The caller vouches for `at`.
        """
        self._reload_for_unknown_key(token)
        return verify(token, purpose, self._verifying, issuer=self._issuer, now=at or self._clock())

    def verify_visit(self, token: str, *, store: str, at: datetime | None = None) -> Claims:
        """Return the claims of a visit that began in this store. Raises TokenRefused for any other."""
        claims = self.verify(token, Purpose.VISIT, at=at)
        if claims.role != "visit" or claims.store != store:
            raise TokenRefused("store")
        return claims

    @property
    def can_sign(self) -> bool:
        """Tell whether a key is left to sign with."""
        return self._signing is not None

    @property
    def dropped(self) -> frozenset[str]:
        """Return the names of the keys that were dropped: another set whenever one is."""
        return self._dropped

    def drop(self, kids: Iterable[str]) -> None:
        """Refuse every token of these keys from now on, and sign with the newest key that is left."""
        if not (new := frozenset(kids) - self._dropped):
            return
        self._dropped |= new
        for kid in new:
            self._verifying.pop(kid, None)
        if self._signing is not None and self._signing.kid in new:
            if self._reload_keys is not None:
                self._take_keys(keys := self._reload_keys())
                self._verifying = {
                    kid: self._verifying[kid] for kid in keys.verifying if kid in self._verifying
                }
            self._signing = next(iter(self._verifying.values()), None)
            if self._signing is None:
                log.error("keys.none_left", remedy="name another key in SELO_TOKEN_KEYS, and start again")
        for on_drop in tuple(self._drop_callbacks):
            on_drop()

    @contextmanager
    def serving(self, on_drop: Callable[[], None]) -> Iterator[None]:
        """Call `on_drop` whenever a key is dropped, while the block runs. It must not raise."""
        self._drop_callbacks.add(on_drop)
        try:
            yield
        finally:
            self._drop_callbacks.discard(on_drop)

    def public_jwks(self) -> dict[str, list[Mapping[str, str]]]:
        """Return the public keys as /.well-known/jwks.json answers them."""
        return {"keys": [key.jwk() for key in self._verifying.values()]}

    def _sign(self, purpose: Purpose, claims: Claims) -> IssuedToken:
        return sign(self._signing_key(), purpose, claims, issuer=self._issuer, now=self._clock())

    def _signing_key(self) -> TokenKey:
        if self._signing is None:
            raise NoSigningKey
        return self._signing

    def _reload_for_unknown_key(self, token: str) -> None:
        # A new key of another process is loaded at its first token; forged ones reload at most once a second.
        if (
            self._reload_keys is None
            or self._clock() - self._reloaded_at < timedelta(seconds=1)
            or len(token) > MAX_LENGTH
        ):
            return
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError:
            return
        if kid not in self._verifying and kid not in self._dropped:
            self._reloaded_at = self._clock()
            self._take_keys(self._reload_keys())

    def _take_keys(self, keys: Keys) -> None:
        self._verifying |= {kid: key for kid, key in keys.verifying.items() if kid not in self._dropped}
