"""A stand-in for Google over real HTTP: its token server, an FCM v1 that checks each message as documented, the
certificates of ID tokens, and the metadata server of its machines.

The beginning of the device's token decides FCM's answer (`ANSWERS`); `once-` before it applies to the first time
only. Every other valid message is accepted. `pushes` holds all that came.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jwt
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.senders.fcm_rules import fault_of

PROJECT = "selo-test"
ACCOUNT = f"worker@{PROJECT}.iam.gserviceaccount.com"
ASSERTION_AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPES = {
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
}
KID = "stand-in-1"
Json = dict[str, Any]


def refusal(
    status: int, code: str, fcm: str | None = None, *, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as Google writes it, with FCM's own code in its details."""
    error: Json = {"code": status, "message": f"the stand-in says {code}", "status": code}
    if fcm is not None:
        error["details"] = [
            {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": fcm}
        ]
    return JSONResponse({"error": error}, status_code=status, headers=headers)


class Hang(Response):
    """Says nothing until the client leaves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


class Cut(Response):
    """Begins to answer, and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b'{"name": "', "more_body": True})


ANSWERS: Mapping[str, Callable[[], Response]] = {
    "unreg-": lambda: refusal(404, "NOT_FOUND", "UNREGISTERED"),
    "mismatch-": lambda: refusal(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    "quota-": lambda: refusal(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", headers={"Retry-After": "7"}),
    "project-": lambda: refusal(429, "RESOURCE_EXHAUSTED"),
    "down-": lambda: refusal(503, "UNAVAILABLE", "UNAVAILABLE", headers={"Retry-After": "30"}),
    "error-": lambda: refusal(500, "INTERNAL", "INTERNAL"),
    "auth-": lambda: refusal(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
    "denied-": lambda: refusal(403, "PERMISSION_DENIED"),
    "bad-": lambda: refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    "lost-": lambda: Response("<h1>not here</h1>", status_code=404),
    "odd-": lambda: JSONResponse({"error": "a text where an object should be"}, status_code=400),
    "noise-": lambda: Response("<h1>hello</h1>"),
    "hang-": Hang,
    "cut-": Cut,
}


@dataclass(frozen=True)
class Push:
    """One message as it came, and the status of its answer (0: none)."""

    message: Json
    status: int
    at: float

    @property
    def address(self) -> str:
        return str(self.message.get("token") or self.message.get("fid"))


@dataclass
class FcmStandIn:
    """Records what came, and answers as it is told. `token_status` other than 200 makes the token server
    fail.
    """

    url: str = ""
    pushes: list[Push] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    token_status: int = 200
    token_delay_seconds: float = 0
    tokens: dict[str, float] = field(default_factory=dict)
    certificate_fetches: int = 0
    certificates_away: bool = False
    certificate_kid: str = KID
    tries: Counter[str] = field(default_factory=Counter)

    @property
    def certificates_url(self) -> str:
        return f"{self.url}/certificates"

    @property
    def accepted(self) -> list[Push]:
        """The messages that were accepted."""
        return [push for push in self.pushes if push.status == 200]

    def forget(self) -> None:
        """Empty all records."""
        for record in (self.pushes, self.faults, self.tokens, self.tries):
            record.clear()
        self.token_status, self.token_delay_seconds = 200, 0.0

    def account_file(self, folder: Path) -> Path:
        """A service account file that names this token server."""
        path = folder / "service-account.json"
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": PROJECT,
                    "private_key_id": "k1",
                    "private_key": _pem(_key("account")),
                    "client_email": ACCOUNT,
                    "client_id": "1",
                    "token_uri": f"{self.url}/token",
                }
            )
        )
        return path

    def settings(self, folder: Path) -> dict[str, str]:
        """The settings, as environment, of a server that pushes here."""
        return {
            "SELO_FIREBASE_CREDENTIALS": str(self.account_file(folder)),
            "SELO_FCM_URL": self.url,
            "SELO_FIREBASE_CERTIFICATES_URL": self.certificates_url,
        }

    # ------------------------------------------------------------ routes
    async def token(self, request: Request) -> Response:
        """The OAuth token endpoint: a token for a signed assertion."""
        await asyncio.sleep(self.token_delay_seconds)
        if self.token_status != 200:
            error = "invalid_grant" if self.token_status < 500 else "internal_failure"
            return JSONResponse({"error": error}, status_code=self.token_status)
        form = dict(parse_qsl((await request.body()).decode()))
        try:
            assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            said = jwt.decode(
                form["assertion"],
                _key("account").public_key(),
                algorithms=["RS256"],
                audience=ASSERTION_AUDIENCE,
                issuer=ACCOUNT,
                options={"require": ["iss", "aud", "iat", "exp", "scope"]},
            )
            assert said["exp"] - said["iat"] <= 3600
            assert SCOPES & set(said["scope"].split())
        except (KeyError, AssertionError, jwt.InvalidTokenError) as fault:
            self.faults.append(f"token: {fault!r}")
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return self._given()

    async def metadata(self, request: Request) -> Response:
        """What a machine of Google's is told of itself, by whoever asks as documented: its project, its
        account, and a token for that.
        """
        if request.headers.get("metadata-flavor") != "Google":
            return Response("Missing Metadata-Flavor:Google header.", status_code=403)
        about: Mapping[str, Callable[[], Response]] = {
            "": lambda: PlainTextResponse("computeMetadata/"),
            "computeMetadata/v1/project/project-id": lambda: PlainTextResponse("the-machines-own-project"),
            "computeMetadata/v1/instance/service-accounts/default/": lambda: JSONResponse(
                {"email": ACCOUNT, "scopes": sorted(SCOPES)}
            ),
            "computeMetadata/v1/instance/service-accounts/default/token": self._given,
        }
        answer_for = about.get(request.path_params["path"])
        answer = Response(status_code=404) if answer_for is None else answer_for()
        answer.headers["metadata-flavor"] = "Google"
        return answer

    def _given(self) -> Response:
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.time() + 3600
        return JSONResponse({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    async def send(self, request: Request) -> Response:
        """`messages:send`."""
        at, body = time.time(), json.loads(await request.body())
        answer = self._answer(request, body)
        self.pushes.append(
            Push(body.get("message", {}), 0 if isinstance(answer, Hang | Cut) else answer.status_code, at)
        )
        return answer

    def _answer(self, request: Request, body: Json) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(bearer, 0) < time.time():
            self.faults.append("no token of ours")
            return refusal(401, "UNAUTHENTICATED")
        if request.path_params["project"] != PROJECT:
            return refusal(403, "PERMISSION_DENIED")
        if (fault := fault_of(body)) is not None:
            self.faults.append(fault)
            return refusal(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        address = str(body["message"].get("token") or body["message"].get("fid"))
        self.tries[address] += 1
        wanted = address.removeprefix("once-") if self.tries[address] == 1 else address
        for prefix, make in ANSWERS.items():
            if wanted.startswith(prefix):
                return make()
        return JSONResponse({"name": f"projects/{PROJECT}/messages/{secrets.token_hex(8)}"})

    async def certificates(self, _request: Request) -> Response:
        """Google's certificates by key id, as they may be cached."""
        self.certificate_fetches += 1
        if self.certificates_away:
            return Response(status_code=503)
        return JSONResponse(
            {self.certificate_kid: certificate()},
            headers={"Cache-Control": "public, max-age=3600, must-revalidate"},
        )

    def app(self) -> Starlette:
        """Return all routes as one application."""
        return Starlette(
            routes=[
                Route("/token", self.token, methods=["POST"]),
                Route("/v1/projects/{project}/messages:send", self.send, methods=["POST"]),
                Route("/certificates", self.certificates),
                Route("/{path:path}", self.metadata),
            ]
        )


# ---------------------------------------------------------------- ID tokens
def id_token(
    now: datetime, *, key: str = "google", kid: str | None = KID, algorithm: str = "RS256", **said: Any
) -> str:
    """An ID token of Firebase Auth as Google signs it; `said` replaces its claims, None takes one away."""
    claims: Json = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "firebase-user-1",
        "iat": now - timedelta(minutes=1),
        "exp": now + timedelta(minutes=59),
        "auth_time": int((now - timedelta(minutes=1)).timestamp()),
        "firebase": {"identities": {}, "sign_in_provider": "phone"},
        **said,
    }
    secret: Any = (
        _key(key) if algorithm == "RS256" else None if algorithm == "none" else _pem(_key(key), public=True)
    )
    headers = {"kid": kid} if kid else {}
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        secret,
        algorithm=algorithm,
        headers=headers,
    )


@cache
def certificate() -> str:
    """The certificate of the key that signs ID tokens."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    made = x509.CertificateBuilder(
        name, name, _key("google").public_key(), x509.random_serial_number(), _day(-1), _day(3650)
    )
    return made.sign(_key("google"), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _day(offset: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=offset)


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey, *, public: bool = False) -> str:
    if public:
        pem = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return pem.hex()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@contextmanager
def serving_fcm() -> Iterator[FcmStandIn]:
    """Serve the stand-in on a free port, in a thread of its own, so that whole processes can push to it."""
    stand_in = FcmStandIn()
    config = uvicorn.Config(
        stand_in.app(),
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        stand_in.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield stand_in
        finally:
            server.should_exit = True
            thread.join()
