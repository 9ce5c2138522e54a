"""SMS through a gateway, its request made from a template, over real HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from api.senders import http_gateway
from api.senders.sms import SmsGateway, SmsRequestTemplate
from domain.services.senders import SENT, SendResult, SmsMessage
from tests.senders.recording_endpoint import RecordingEndpoint, serving_endpoint

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
TEXT = 'Olá "Ana" & {to} – 10%\n2+2'
MESSAGE = SmsMessage("m1", "+351912345678", TEXT)


@pytest.fixture
async def endpoint() -> AsyncIterator[RecordingEndpoint]:
    async with serving_endpoint() as served:
        yield served


async def sent(gateway: SmsRequestTemplate, *messages: SmsMessage) -> list[SendResult]:
    opened = SmsGateway(gateway)
    try:
        return list(await opened.send(messages or (MESSAGE,), now=NOW))
    finally:
        await opened.close()


async def test_a_template_of_json(endpoint: RecordingEndpoint) -> None:
    body = '{"recipients": ["{to}"], "content": {"text": "{text}"}, "reference": "{id}"}'
    headers = {"Content-Type": "application/json", "Authorization": "Key k"}
    assert await sent(SmsRequestTemplate(f"{endpoint.url}/200", headers=headers, body=body)) == [SENT]
    (request,) = endpoint.requests
    assert json.loads(request.body) == {
        "recipients": ["+351912345678"],
        "content": {"text": TEXT},
        "reference": "m1",
    }
    assert (request.method, request.headers["authorization"]) == ("POST", "Key k")


async def test_a_template_of_a_form(endpoint: RecordingEndpoint) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert await sent(
        SmsRequestTemplate(f"{endpoint.url}/201", headers=headers, body="To={to}&Body={text}")
    ) == [SENT]
    assert parse_qs(endpoint.requests[0].body.decode()) == {"To": ["+351912345678"], "Body": [TEXT]}


@pytest.mark.parametrize(
    ("headers", "body", "read"),
    [
        ({"Content-Type": "Application/JSON"}, '{"text": "{text}"}', lambda body: json.loads(body)["text"]),
        ({}, ' {\n"text": "{text}"}', lambda body: json.loads(body)["text"]),
        ({}, '[{"text": "{text}"}]', lambda body: json.loads(body)[0]["text"]),
        (
            {"Content-Type": "text/xml"},
            "<sms>{text}</sms>",
            lambda body: str(ElementTree.fromstring(body).text),
        ),
        ({}, "<sms>{text}</sms>", lambda body: str(ElementTree.fromstring(body).text)),
        ({}, "{to}={text}", lambda body: parse_qs(body)["+351912345678"][0]),
    ],
)
async def test_no_text_breaks_out_of_its_place_whatever_the_headers_say(
    endpoint: RecordingEndpoint, headers: dict[str, str], body: str, read: Callable[[str], str]
) -> None:
    await sent(SmsRequestTemplate(f"{endpoint.url}/200", headers=headers, body=body))
    assert read(endpoint.requests[0].body.decode()) == TEXT


async def test_a_template_of_an_address(endpoint: RecordingEndpoint) -> None:
    assert await sent(
        SmsRequestTemplate(f"{endpoint.url}/200?to={{to}}&text={{text}}&k=v", method="GET")
    ) == [SENT]
    (request,) = endpoint.requests
    assert parse_qs(urlsplit(request.url).query) == {"to": ["+351912345678"], "text": [TEXT], "k": ["v"]}
    assert (request.method, request.body) == ("GET", b"")


async def test_a_text_adds_no_header(endpoint: RecordingEndpoint) -> None:
    gateway = SmsRequestTemplate(f"{endpoint.url}/200", headers={"X-Text": "{text}"})
    await sent(gateway, SmsMessage("m1", "+351912345678", "a\r\nX-More: b"))
    assert "x-more" not in endpoint.requests[0].headers
    assert endpoint.requests[0].headers["x-text"] == "a%0D%0AX-More%3A b"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("302", SendResult("break", "HTTP 302")),
        ("400", SendResult("drop_message", "HTTP 400")),
        ("401", SendResult("break", "HTTP 401")),
        ("403", SendResult("break", "HTTP 403")),
        ("408", SendResult("retry", "HTTP 408")),
        ("429", SendResult("pause", "HTTP 429")),
        ("500", SendResult("retry", "HTTP 500")),
        ("503", SendResult("retry", "HTTP 503")),
        ("cut", SENT),
    ],
)
async def test_each_answer_has_its_verdict(
    endpoint: RecordingEndpoint, path: str, expected: SendResult
) -> None:
    assert await sent(SmsRequestTemplate(f"{endpoint.url}/{path}")) == [expected]
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        ("17", timedelta(seconds=17)),
        ("Mon, 02 Mar 2026 10:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 02 Mar 2026 09:00:00 GMT", timedelta(0)),
        ("999999", timedelta(hours=1)),
        ("soon", None),
    ],
)
async def test_the_wait_that_is_asked_for(
    endpoint: RecordingEndpoint, retry_after: str, waits: timedelta | None
) -> None:
    endpoint.headers["Retry-After"] = retry_after
    assert await sent(SmsRequestTemplate(f"{endpoint.url}/429")) == [SendResult("pause", "HTTP 429", waits)]


async def test_a_hang_holds_no_other_up(endpoint: RecordingEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_gateway, "ANSWER_SECONDS", 0.3)
    gateway = SmsRequestTemplate(endpoint.url + "/{id}")
    results = await sent(
        gateway, SmsMessage("hang", "+351912345678", "a"), SmsMessage("200", "+351912345679", "b")
    )
    assert results == [SendResult("retry", "TIMEOUT"), SENT]


async def test_nobody_listening_is_tried_again() -> None:
    assert await sent(SmsRequestTemplate("http://127.0.0.1:9/send")) == [SendResult("retry", "CONNECTION")]


def test_nothing_of_it_shows() -> None:
    shown = repr(
        (MESSAGE, SmsRequestTemplate("http://gateway/?key=hush", headers={"k": "hush"}, body="hush"))
    )
    assert "351912345678" not in shown
    assert "hush" not in shown
