"""A push service of browsers over real HTTP (RFC 8030): it checks the signature of each request, decrypts what it
brings as the browser would, and answers as the last part of the address says (`gone`, `other`, `busy`, `bad`).
"""

from __future__ import annotations

import json
import socket
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWERS: Mapping[str, Response] = {
    "gone": Response(status_code=410),
    "other": Response(status_code=403),
    "busy": Response(status_code=429, headers={"retry-after": "7"}),
    "down": Response(status_code=503),
    "bad": Response(status_code=400),
}


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(frozen=True)
class BrowserSubscription:
    """A subscription with the browser's private half."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey
    secret: bytes = b"sixteen bytes it"

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def token(self) -> str:
        """What the browser hands to the page."""
        keys = {"p256dh": base64url(self.public), "auth": base64url(self.secret)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> Any:
        """Decrypt a message as RFC 8188 and RFC 8291 say."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size <= 4096
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        info = b"WebPush: info\0" + self.public + theirs
        secret = HKDF(hashes.SHA256(), 32, self.secret, info).derive(self.private.exchange(ec.ECDH(), point))
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(secret)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(secret)
        text = AESGCM(key).decrypt(nonce, record, None)
        assert text.endswith(b"\x02"), "the last record"
        return json.loads(text[:-1])


@dataclass(frozen=True)
class WebPushed:
    """One message as it came: whose, its headers, what its signature says, and its text."""

    endpoint: str
    headers: Mapping[str, str]
    claims: Mapping[str, Any]
    payload: Any


@dataclass
class PushService:
    """The subscriptions that it knows, and what came for them."""

    url: str = ""
    subscriptions: dict[str, BrowserSubscription] = field(default_factory=dict)
    pushes: list[WebPushed] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def subscribe(self, name: str) -> BrowserSubscription:
        """Return a new subscription. `name` decides what a push to it is answered."""
        made = BrowserSubscription(f"{self.url}/push/{name}", ec.generate_private_key(ec.SECP256R1()))
        self.subscriptions[made.endpoint] = made
        return made

    def wait(self, count: int, *, seconds: float = 60) -> list[WebPushed]:
        """Return what came, once it is so much."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.pushes) >= count, seconds), self.pushes
            return list(self.pushes)

    async def take(self, request: Request) -> Response:
        """Take a message: it is signed by whom the browser subscribed to."""
        endpoint, body = f"{self.url}{request.url.path}", await request.body()
        scheme, _, parts = request.headers["authorization"].partition(" ")
        signed = dict(part.strip().split("=", 1) for part in parts.split(","))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(signed["k"]))
        claims = jwt.decode(
            signed["t"], key, algorithms=["ES256"], audience=self.url, options={"verify_exp": False}
        )
        assert (scheme, request.headers["content-encoding"]) == ("vapid", "aes128gcm")
        pushed = WebPushed(endpoint, dict(request.headers), claims, self.subscriptions[endpoint].read(body))
        with self.came:
            self.pushes.append(pushed)
            self.came.notify_all()
        return ANSWERS.get(endpoint.rsplit("/", 1)[1], Response(status_code=201))


@contextmanager
def serving_push_service() -> Iterator[PushService]:
    """Serve it on a free port, in a thread of its own."""
    service = PushService()
    app = Starlette(routes=[Route("/push/{name}", service.take, methods=["POST"])])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        service.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="push-service")
        thread.start()
        try:
            yield service
        finally:
            server.should_exit = True
            thread.join()
