"""Push by Firebase Cloud Messaging (v1), through firebase-admin: one message a device, and a result for each.

Nothing here retries, and nothing blocks the loop. firebase-admin's own retry hangs for good over HTTP/2, so
it is off (`_direct`). The OAuth token is refreshed in a thread before a batch, so that a failing token
endpoint fails before anything is sent. Delivery is at least once: where a connection is cut the outcome is
unknown, and the outbox sends again with the same collapse id. HTTPS_PROXY has no effect: firebase-admin's
asynchronous client connects directly.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import firebase_admin
import google.auth.exceptions
from firebase_admin import _http_client, _retry, credentials, exceptions, messaging
from google.auth.credentials import Credentials
from google.auth.transport.requests import Request

from api.senders.http_results import retry_after
from api.senders.push_sizes import LINK_BYTES, PAYLOAD_BYTES, cut, json_size
from domain.services.senders import SENT, PushMessage, SendResult

CHUNK = 50  # a chunk of 500 stalls the loop for half a second
ATTEMPT_SECONDS = 15
ANSWER_SECONDS = 18  # all of one message, the three sends of a 401 included
TOKEN_SECONDS = 8
COLLAPSE_BYTES = 64
LONGEST_TTL = timedelta(days=28)
GOOGLE = "https://fcm.googleapis.com/"


class FirebaseUnusable(Exception):
    """The credentials cannot be used. The message is one sentence for the operator, without any of their
    content.
    """


class _HeldCredentials(Credentials):
    """A token that is refreshed elsewhere. Google's credentials would refresh on the event loop, three times
    at a 401.
    """

    def refresh(self, request: object) -> None:
        """Keep the token: `FirebasePush` refreshes it before a batch."""


class FirebasePush:
    """Push to one project; one an event loop. Open it, send, close it."""

    def __init__(self, source: credentials.Base, *, project: str, url: str | None = None) -> None:
        self._source, self._project = source, project
        self._credentials = _HeldCredentials()  # type: ignore[no-untyped-call]  # google-auth types no constructor
        self._app = firebase_admin.initialize_app(
            self._credentials,
            {"projectId": project, "httpTimeout": ATTEMPT_SECONDS},
            name=f"selo-{secrets.token_hex(8)}",
        )
        self._client = self._direct(url)
        self._refreshing = asyncio.Lock()

    async def send(self, batch: Sequence[PushMessage], *, now: datetime) -> Sequence[SendResult]:
        """Send each message in chunks of fifty and return its result."""
        results: list[SendResult] = []
        for chunk in (batch[start : start + CHUNK] for start in range(0, len(batch), CHUNK)):
            fault = await self._refresh_token()
            results += (
                [fault] * len(chunk)
                if fault
                else await asyncio.gather(*(self._send_one(one, now) for one in chunk))
            )
        return results

    async def close(self) -> None:
        """Close its connections and delete the app, in a thread, because firebase-admin runs a loop of its
        own for it.
        """
        await self._client.aclose()
        await asyncio.to_thread(firebase_admin.delete_app, self._app)

    def _direct(self, url: str | None) -> _http_client.HttpxAsyncClient:
        """Turn firebase-admin's own retry off, and set a stand-in's address for tests.

        Only this method uses private names. It asserts what it expects, so that an upgrade fails here and not
        in a send.
        """
        service = messaging._get_messaging_service(self._app)
        assert service._fcm_url.startswith(GOOGLE), "where firebase-admin sends"
        assert service._fcm_topic_url.startswith(GOOGLE), "where firebase-admin subscribes"
        assert isinstance(service._async_client, _http_client.HttpxAsyncClient), (
            "what firebase-admin sends with"
        )
        assert service._credential is self._credentials, "whose token firebase-admin sends with"
        service._async_client = _http_client.HttpxAsyncClient(
            credential=self._credentials,
            timeout=ATTEMPT_SECONDS,
            retry_config=_retry.HttpxRetry(max_retries=0, status_forcelist=[]),
        )
        if url is not None:
            service._fcm_url = f"{url.rstrip('/')}/v1/projects/{self._project}/messages:send"
            service._fcm_topic_url = f"{url.rstrip('/')}/v1/projects/{self._project}/registrations"
        return service._async_client

    async def _refresh_token(self) -> SendResult | None:
        """Make the token valid for some minutes; return the result of the batch where that fails."""
        async with self._refreshing:
            if self._credentials.valid:
                return None
            try:
                async with asyncio.timeout(TOKEN_SECONDS):
                    self._credentials.token, self._credentials.expiry = await asyncio.to_thread(
                        _fresh_token, self._source
                    )
            except google.auth.exceptions.GoogleAuthError as fault:
                passing = isinstance(fault, google.auth.exceptions.TransportError) or fault.retryable
                return SendResult("pause" if passing else "break", "OAUTH")
            except (TimeoutError, OSError):
                return SendResult("pause", "OAUTH")
            return None

    async def _send_one(self, message: PushMessage, now: datetime) -> SendResult:
        if message.expires_at is not None and message.expires_at <= now:
            return SendResult("drop_message", "EXPIRED")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await messaging.send_each_async([build_message(message, now=now)], app=self._app)
        except ValueError:
            return SendResult("drop_message", "MALFORMED")
        except TimeoutError:
            return SendResult("retry", exceptions.DEADLINE_EXCEEDED)
        except exceptions.FirebaseError as fault:
            return self._handle_fault(fault, now)
        (response,) = answer.responses
        return SENT if response.success else self._handle_fault(response.exception, now)

    def _handle_fault(self, fault: exceptions.FirebaseError | None, now: datetime) -> SendResult:
        result = result_of_fault(fault, now=now)
        if result.status == "break":
            self._credentials.token = None  # it may have been revoked: the next batch asks for another
        return result


# ---------------------------------------------------------------- what is sent
def build_message(message: PushMessage, *, now: datetime) -> messaging.Message:
    """Return a message as FCM wants it, with the same end for Android and for Apple.

    One that replaces others has one collapse id for both. One that stands alone has no collapse key, as FCM
    keeps four for a phone that is off. Its own id is its tag, so that a repeated attempt does not show twice.
    """
    if message.is_background:
        return _addressed(_background(message, now=now), message)
    collapse = None if message.collapse_key is None else collapse_id(message.collapse_key)
    tag = sha256(message.id.encode()).hexdigest()[:32] if collapse is None else collapse
    lifetime = None if message.expires_at is None else min(message.expires_at - now, LONGEST_TTL)
    headers = {"apns-collapse-id": tag, "apns-priority": "10"}
    if lifetime is not None:
        headers["apns-expiration"] = str(int((now + lifetime).timestamp()))
    payload = {
        **message.payload,
        **({"link": message.link} if message.link and json_size(message.link) <= LINK_BYTES else {}),
    }
    text_bytes_left = PAYLOAD_BYTES - sum(json_size(part) for pair in payload.items() for part in pair)
    title = cut(message.title, text_bytes_left)
    built = messaging.Message(
        notification=messaging.Notification(
            title=title, body=cut(message.body, text_bytes_left - json_size(title))
        ),
        data=payload,
        android=messaging.AndroidConfig(
            collapse_key=collapse,
            priority="high",
            ttl=lifetime,
            notification=messaging.AndroidNotification(tag=tag, notification_count=message.badge),
        ),
        apns=messaging.APNSConfig(
            headers=headers,
            payload=messaging.APNSPayload(
                messaging.Aps(badge=message.badge, sound=None if message.silent else "default")
            ),
        ),
    )
    return _addressed(built, message)


def _background(message: PushMessage, *, now: datetime) -> messaging.Message:
    """Return a message that shows nothing: Android hands it to the app, an iPhone sets the icon's number."""
    lifetime = None if message.expires_at is None else min(message.expires_at - now, LONGEST_TTL)
    headers = {"apns-push-type": "background", "apns-priority": "5"}
    if lifetime is not None:
        headers["apns-expiration"] = str(int((now + lifetime).timestamp()))
    return messaging.Message(
        data=dict(message.payload),
        android=messaging.AndroidConfig(priority="normal", ttl=lifetime),
        apns=messaging.APNSConfig(
            headers=headers,
            payload=messaging.APNSPayload(messaging.Aps(badge=message.badge, content_available=True)),
        ),
    )


def _addressed(built: messaging.Message, message: PushMessage) -> messaging.Message:
    # Set after construction: the constructor warns about `token`, which phones in use still have.
    setattr(built, "token" if message.address.kind == "TOKEN" else "fid", message.address.value)
    return built


def collapse_id(text: str) -> str:
    """Return a valid APNs collapse id: the text itself, or a digest where it is long or not ASCII."""
    return (
        text
        if text.isascii() and text.isprintable() and 0 < len(text) <= COLLAPSE_BYTES
        else sha256(text.encode()).hexdigest()[:32]
    )


# ---------------------------------------------------------------- what comes back
def result_of_fault(fault: exceptions.FirebaseError | None, *, now: datetime) -> SendResult:
    """Return what an error of FCM means for a message and its device."""
    match fault:
        case messaging.UnregisteredError():
            return SendResult("drop_device", "UNREGISTERED")
        case messaging.SenderIdMismatchError():
            return SendResult("drop_device", "SENDER_ID_MISMATCH")
        case messaging.ThirdPartyAuthError():
            return SendResult("break", "THIRD_PARTY_AUTH_ERROR")
        # the project's quota; QuotaExceededError, the device's quota, is a subclass
        case exceptions.ResourceExhaustedError():
            return SendResult("pause", exceptions.RESOURCE_EXHAUSTED, _requested_wait(fault, now))
        case exceptions.InvalidArgumentError():
            return SendResult("drop_message", exceptions.INVALID_ARGUMENT)
        case exceptions.UnauthenticatedError() | exceptions.PermissionDeniedError():
            return SendResult("break", fault.code)
        case None:
            return SendResult("retry", exceptions.UNKNOWN)
    # A bare 404 is retried too: a proxy may answer it, so no device is dropped for it.
    return SendResult("retry", fault.code, _requested_wait(fault, now))


def _requested_wait(fault: exceptions.FirebaseError, now: datetime) -> timedelta | None:
    answer = fault.http_response
    return None if answer is None else retry_after(answer.headers.get("retry-after"), now=now)


# ---------------------------------------------------------------- who we are
def certificate(path: Path) -> credentials.Certificate:
    """Return the service account of a file. Raises FirebaseUnusable."""
    try:
        return credentials.Certificate(str(path))
    except (OSError, ValueError):
        raise FirebaseUnusable(f"{path} is no service account file of Firebase, or cannot be read") from None


def _fresh_token(source: credentials.Base) -> tuple[str, datetime]:
    """Request a token. Run this in a thread: it blocks. The expiry is naive, as google-auth compares it."""
    credential = source.get_credential()
    credential.refresh(partial(Request(), timeout=TOKEN_SECONDS))
    return credential.token, credential.expiry
