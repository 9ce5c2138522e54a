"""Push to browsers by the Web Push protocol (RFC 8030): each message is encrypted for one subscription (RFC
8291) and signed with this server's key (VAPID, RFC 8292).

The address of a subscription comes from a browser, so whoever registers one chooses where this server posts
to: only the browsers' own push services are posted to. Nothing here retries; the outbox does.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.keys import WEB_PUSH_KEY_FILE
from api.private_files import write_private
from api.senders.http_gateway import HttpGateway
from api.senders.http_results import retry_after
from api.senders.push_sizes import LINK_BYTES, PAYLOAD_BYTES, cut, json_size
from domain.model.values import dataclass
from domain.services.messages.push_results import INVALID_ARGUMENT, SENDER_MISMATCH, UNREGISTERED
from domain.services.senders import SENT, PushMessage, SendResult

MAX_CONCURRENT = 10
LONGEST_TTL = timedelta(days=28)
SIGNATURE_LASTS = timedelta(hours=12)  # a day at most
RECORD_BYTES = 4096
# Chrome, Edge and others by Google; Firefox; Safari; Edge on Windows.
SERVICES = ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com")


class BadWebPushKey(ValueError):
    """No private key of the curve P-256 in PEM."""


@dataclass(frozen=True, slots=True)
class WebPushKey:
    """This server's key: browsers subscribe to its public half, and take pushes that it signs alone."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def public_text(self) -> str:
        """Return the public half as `PushManager.subscribe` takes it."""
        return _base64url(_point(self.private.public_key()))


def web_push_key(pem: bytes) -> WebPushKey:
    """Return the key of a PEM. Raises BadWebPushKey."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise BadWebPushKey from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadWebPushKey
    return WebPushKey(key)


def stored_web_push_key(folder: Path) -> WebPushKey:
    """Return the key of the data folder's keys, made there where it is missing. Raises BadWebPushKey."""
    path = folder / WEB_PUSH_KEY_FILE
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with suppress(FileExistsError):  # another process was quicker: all use its key
            write_private(path, pem)
    return web_push_key(path.read_bytes())


class WebPush:
    """Sends to browsers. `contact` is where their push services reach the operator; `only_url` is the one
    address that is posted to in their place. Open it, send, close it.
    """

    def __init__(self, key: WebPushKey, *, contact: str | None, only_url: str | None = None) -> None:
        self._key, self._contact, self._only_url = key, contact, only_url
        self._http = HttpGateway(max_concurrent=MAX_CONCURRENT, result_of=result_of_status)

    @property
    def public_key(self) -> str:
        """Return what browsers subscribe to."""
        return self._key.public_text

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each message, ten at once, and return its result."""
        results = [self._refusal(message, now) for message in batch]
        waiting = [at for at, result in enumerate(results) if result is None]
        sent = await self._http.send([self._request(batch[at], now) for at in waiting], now=now)
        for at, result in zip(waiting, sent, strict=True):
            results[at] = result
        return [result for result in results if result is not None]

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    def _refusal(self, message: PushMessage, now: datetime) -> SendResult | None:
        if message.expires_at is not None and message.expires_at <= now:
            return SendResult("drop_message", "EXPIRED")
        try:
            is_known = self._is_known(httpx.URL(read_subscription(message.address.value).endpoint))
        except (ValueError, httpx.InvalidURL):
            is_known = False
        return None if is_known else SendResult("drop_device", INVALID_ARGUMENT)

    def _is_known(self, url: httpx.URL) -> bool:
        """Tell whether an address is of a push service."""
        if self._only_url is not None:
            return str(url).startswith(f"{self._only_url.rstrip('/')}/")
        is_service = any(url.host == host or url.host.endswith(f".{host}") for host in SERVICES)
        return url.scheme == "https" and is_service and url.port is None and not url.userinfo

    def _request(self, message: PushMessage, now: datetime) -> httpx.Request:
        subscription = read_subscription(message.address.value)
        lifetime = LONGEST_TTL if message.expires_at is None else min(message.expires_at - now, LONGEST_TTL)
        headers = {
            "Authorization": self._authorization(httpx.URL(subscription.endpoint), now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(lifetime.total_seconds())),
            "Urgency": "low" if message.silent else "high",
        }
        if message.collapse_key is not None:
            headers["Topic"] = _base64url(sha256(message.collapse_key.encode()).digest())[:32]
        body = encrypted(
            payload_of(message),
            subscription,
            salt=os.urandom(16),
            own_key=ec.generate_private_key(ec.SECP256R1()),
        )
        return httpx.Request("POST", subscription.endpoint, headers=headers, content=body)

    def _authorization(self, url: httpx.URL, now: datetime) -> str:
        claims: dict[str, str | int] = {
            "aud": f"{url.scheme}://{url.netloc.decode()}",
            "exp": int((now + SIGNATURE_LASTS).timestamp()),
        }
        if self._contact is not None:
            claims["sub"] = self._contact
        token = jwt.encode(claims, self._key.private, algorithm="ES256")
        return f"vapid t={token}, k={self.public_key}"


# ---------------------------------------------------------------- what is sent
@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser takes pushes, its public key, and the secret that it shares with this server."""

    endpoint: str = field(repr=False)
    key: bytes
    secret: bytes = field(repr=False)


def read_subscription(text: str) -> Subscription:
    """Return a subscription as a browser writes it in JSON. Raises ValueError."""
    read = orjson.loads(text)
    try:
        keys = read["keys"]
        endpoint, key, secret = (
            read["endpoint"],
            _from_base64url(keys["p256dh"]),
            _from_base64url(keys["auth"]),
        )
    except (KeyError, TypeError):
        raise ValueError("no subscription of a browser") from None
    if not isinstance(endpoint, str):
        raise ValueError("no subscription of a browser")
    # Raises ValueError for what is no point of the curve.
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    return Subscription(endpoint, key, secret)


def payload_of(message: PushMessage) -> bytes:
    """Return what the page's service worker shows: title, body, tag, link, and what the inbox calls it."""
    payload: dict[str, str | int | bool | None] = {
        **message.payload,
        "tag": sha256((message.collapse_key or message.id).encode()).hexdigest()[:32],
        "badge": message.badge,
        "silent": message.silent,
    }
    if message.link is not None and json_size(message.link) <= LINK_BYTES:
        payload["link"] = message.link
    bytes_left = PAYLOAD_BYTES - len(orjson.dumps(payload))
    title = cut(message.title, bytes_left)
    body = cut(message.body, bytes_left - json_size(title))
    return orjson.dumps({**payload, "title": title, "body": body})


def encrypted(
    text: bytes, subscription: Subscription, *, salt: bytes, own_key: ec.EllipticCurvePrivateKey
) -> bytes:
    """Return a text as one record that the browser alone can read (RFC 8291, 3.4). `own_key` and `salt` are
    fresh for each.
    """
    own = _point(own_key.public_key())
    browser = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), subscription.key)
    shared = own_key.exchange(ec.ECDH(), browser)
    info = b"WebPush: info\0" + subscription.key + own
    secret = _derived(shared, salt=subscription.secret, info=info, length=32)
    key = _derived(secret, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _derived(secret, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(own)]) + own
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def _derived(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---------------------------------------------------------------- what comes back
def result_of_status(status: int, headers: Mapping[str, str], *, now: datetime) -> SendResult:
    """Return what a push service's answer means. Each is another company's, so none of them makes the sender
    rest.
    """
    reason = f"HTTP {status}"
    if 200 <= status < 300:
        return SENT
    if status in (404, 410):
        return SendResult("drop_device", UNREGISTERED)
    if status in (401, 403):  # the browser subscribed to another key
        return SendResult("drop_device", SENDER_MISMATCH)
    if status in (408, 425, 429) or status >= 500:
        return SendResult("retry", reason, retry_after(headers.get("retry-after"), now=now))
    return SendResult("drop_message", INVALID_ARGUMENT if status == 400 else reason)
