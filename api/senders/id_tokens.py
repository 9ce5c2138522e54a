"""ID tokens of Firebase Auth: the contacts that a phone has proven to Google, checked here with Google's
certificates.

firebase-admin's own check is not used: an environment variable makes it accept unsigned tokens. Certificates
are kept as long as they say. An unknown key is looked up at most once a minute, so that a forged token costs
no request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from api.errors import NotAvailable
from api.senders.tls import client_tls
from domain.model.people.contacts import Contact, ContactMalformed, read_email, read_phone
from domain.model.values import dataclass
from domain.services.errors import SignInRefused

LEEWAY_SECONDS = 5
FETCH_SECONDS = 5
REFETCH_AFTER = timedelta(minutes=1)
MAX_AGE = timedelta(days=1)
LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True)
class Certificates:
    """Google's public keys by their id, when they were fetched, and until when they are fresh."""

    keys: Mapping[str, RSAPublicKey]
    fetched_at: datetime
    fresh_until: datetime


class IdTokenVerifier:
    """Verifies the ID tokens of one Firebase project."""

    def __init__(self, *, project: str, url: str, clock: Callable[[], datetime]) -> None:
        self._project, self._url, self._clock = project, url, clock
        self._client = httpx.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False, verify=client_tls())
        self._known: Certificates | None = None
        self._fetch_tried_at = datetime.min.replace(tzinfo=UTC)
        self._fetching = asyncio.Lock()

    async def proven_contacts(self, token: str) -> tuple[Contact, ...]:
        """Return the contacts that a token proves: a phone number, and an e-mail address that Google has
        verified.

        Raises SignInRefused where the token is not valid for this project now, NotAvailable where Google does
        not answer.
        """
        if len(token) > LONGEST_TOKEN:
            raise SignInRefused("WRONG_CODE")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise SignInRefused("WRONG_CODE") from None
        key = await self._key(header.get("kid"))
        if key is None or header.get("alg") != "RS256":
            raise SignInRefused("WRONG_CODE")
        return contacts_of(self._checked_claims(token, key))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    def _checked_claims(self, token: str, key: RSAPublicKey) -> Mapping[str, object]:
        now = self._clock().timestamp()
        try:
            # PyJWT would compare with the machine's clock; times are checked below by our own.
            claims: Mapping[str, object] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._project,
                issuer=f"https://securetoken.google.com/{self._project}",
                options={
                    "require": ["aud", "iss", "sub", "iat", "exp", "auth_time"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError:
            raise SignInRefused("WRONG_CODE") from None
        issued, expires, proven_at = (claims[name] for name in ("iat", "exp", "auth_time"))
        if not (
            isinstance(issued, int)
            and isinstance(expires, int)
            and isinstance(proven_at, int)
            and claims["sub"]
        ):
            raise SignInRefused("WRONG_CODE")
        if expires <= now - LEEWAY_SECONDS:
            raise SignInRefused("EXPIRED_CODE")
        if max(issued, proven_at) > now + LEEWAY_SECONDS:
            raise SignInRefused("WRONG_CODE")
        return claims

    async def _key(self, kid: object) -> RSAPublicKey | None:
        now = self._clock()
        async with self._fetching:
            known = self._known
            if (
                known is None
                or now >= known.fresh_until
                or (kid not in known.keys and now - self._fetch_tried_at >= REFETCH_AFTER)
            ):
                known = self._known = await self._fetch(now, known)
            return known.keys.get(kid) if isinstance(kid, str) else None

    async def _fetch(self, now: datetime, before: Certificates | None) -> Certificates:
        """Fetch the certificates. The previous ones hold a day where Google does not answer; else raises
        NotAvailable.
        """
        self._fetch_tried_at = now
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                answer = await self._client.get(self._url)
            return read_certificates(answer.raise_for_status(), now)
        except (TimeoutError, httpx.HTTPError, ValueError):
            if before is None or now >= before.fetched_at + MAX_AGE:
                raise NotAvailable("Firebase sign-in cannot be checked now. Try again in a minute.") from None
            return Certificates(before.keys, before.fetched_at, now + REFETCH_AFTER)


# ---------------------------------------------------------------- pure rules
def read_certificates(answer: httpx.Response, now: datetime) -> Certificates:
    """Return the keys of an answer, fresh for as long as its Cache-Control says. Raises ValueError."""
    max_age = re.search(r"max-age=(\d{1,9})", answer.headers.get("cache-control", ""))
    fresh_for = min(max(timedelta(seconds=int(max_age[1]) if max_age else 0), REFETCH_AFTER), MAX_AGE)
    keys = {}
    body = answer.json()
    if not isinstance(body, dict):
        raise ValueError("not an object")
    for kid, pem in body.items():
        key = x509.load_pem_x509_certificate(str(pem).encode()).public_key()
        if isinstance(key, RSAPublicKey):
            keys[str(kid)] = key
    return Certificates(keys, now, now + fresh_for)


def contacts_of(claims: Mapping[str, object]) -> tuple[Contact, ...]:
    """Return the contacts that the claims prove, the phone first. Raises SignInRefused without any; an
    address that is not verified is told as that.
    """
    contacts = []
    phone, email = claims.get("phone_number"), claims.get("email")
    try:
        if isinstance(phone, str):
            contacts.append(read_phone(phone))
        if isinstance(email, str) and claims.get("email_verified") is True:
            contacts.append(read_email(email))
    except ContactMalformed:
        raise SignInRefused("WRONG_CODE") from None
    if not contacts:
        raise SignInRefused("EMAIL_NOT_VERIFIED" if isinstance(email, str) else "WRONG_CODE")
    return tuple(contacts)
