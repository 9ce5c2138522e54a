"""Codes as pictures: an operation draws 20 at most, and while they are drawn everybody else is answered."""

import asyncio
import threading

import pytest

from api import qr
from api.qr import png
from tests.graphql.member.voucher_acts import member_with_points, redeem
from tests.running_app import Json, RunningApp

ALIASES = 15
DRAWINGS = " ".join(f"a{n}: qr(format: PNG, size: {2048 - n}) {{ data }}" for n in range(ALIASES))
TWENTY = (
    "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Voucher { qr(format: PNG, size: 2048) { data } } } }"
)


@pytest.fixture
async def owner(app: RunningApp) -> tuple[str, str]:
    """A member's token and the id of their voucher."""
    token = await member_with_points(app)
    voucher: str = (await redeem(app, token))["voucher"]["id"]
    return token, voucher


@pytest.mark.parametrize(
    ("query", "pictures"),
    [
        ("query($ids: [ID!]!) { nodes(ids: $ids) { ... on Voucher { %s } } }" % DRAWINGS, 100 * ALIASES),
        (
            "query($ids: [ID!]!) { nodes(ids: $ids) { ...v } } fragment v on Voucher { qr { data } }",
            100,
        ),
        ("{ me { vouchers(first: 21) { edges { node { qr { mediaType } } } } } }", 21),
        ("query($n: Int = 50) { me { vouchers(first: $n) { edges { node { qr { data } } } } } }", 50),
        ("{ me { pointHistory(first: 100) { edges { node { voucher { qr { data } } } } } } }", 100),
    ],
)
async def test_more_than_20_pictures_are_refused_before_one_is_drawn(
    app: RunningApp, owner: tuple[str, str], query: str, pictures: int
) -> None:
    token, voucher = owner
    variables = {"ids": [voucher] * 100} if "$ids" in query else {}
    assert await app.error(query, variables, token=token) == {
        "code": "QUERY_TOO_COSTLY",
        "limit": "pictures",
        "maximum": 20,
        "value": pictures,
    }


async def test_health_is_answered_while_each_of_the_dearest_pictures_is_drawn(
    app: RunningApp, owner: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token, voucher = owner
    answered, drawn, was_answered = threading.Event(), list[int](), list[bool]()

    def draw_once_health_is_answered(payload: str, size: int) -> bytes:
        answered.clear()
        drawn.append(size)
        was_answered.append(all(was_answered) and answered.wait(30))
        return png(payload, size)

    monkeypatch.setattr(qr, "png", draw_once_health_is_answered)
    operation = asyncio.create_task(app.do(TWENTY, {"ids": [voucher] * 20}, token=token))
    while not operation.done():
        assert (await app.client.get("/health")).status_code == 200
        answered.set()
    pictures = [node["qr"]["data"] for node in (await operation)["nodes"]]
    assert drawn == [2048] * len(pictures) == [2048] * 20
    assert was_answered == [True] * 20, "the event loop is held up while a picture is drawn"
    assert all(picture.startswith("data:image/png;base64,") for picture in pictures)


async def test_a_picture_of_a_bad_size_names_its_field(app: RunningApp, owner: tuple[str, str]) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Voucher { qr(size: 2049) { data } } } }"
    body: Json = await app.ask(query, {"ids": [owner[1]]}, token=owner[0])
    assert body["errors"][0]["extensions"] == {"code": "BAD_INPUT", "field": "size"}
