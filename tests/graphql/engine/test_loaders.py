"""What one request reads once is read for everybody who asks, whatever becomes of whoever asked first."""

import asyncio

import pytest

from api.caller import Origin
from api.graphql.engine.loaders import Loaders
from api.http.graphql import GraphQLEndpoint
from api.http.graphql_setup import make_graphql_routes
from api.pictures.picture_library import PictureLibrary
from tests.graphql.member.voucher_acts import member_with_points
from tests.running_app import RunningApp


@pytest.fixture
async def loaders(app: RunningApp) -> Loaders:
    endpoint = make_graphql_routes(
        app.process, address="", explorer=False, pictures=PictureLibrary(None, base_url="")
    )[0].endpoint  # type: ignore[attr-defined]
    assert isinstance(endpoint, GraphQLEndpoint)
    caller = endpoint.callers.of_token(await member_with_points(app))
    made = endpoint._make_context(Origin("request", "127.0.0.1", None), caller).loaders
    assert isinstance(made, Loaders)
    return made


@pytest.mark.parametrize("batched", [False, True])
async def test_who_is_cancelled_cancels_nobody_who_waits_for_the_same(
    loaders: Loaders, batched: bool
) -> None:
    going = asyncio.Event()

    async def read() -> int:
        await going.wait()
        return 7

    async def load(keys: list[str]) -> list[int]:
        return [await read() for _ in keys]

    def ask() -> asyncio.Task[int]:
        asked = loaders._load(load, "key") if batched else loaders._read_once("key", read)
        return asyncio.ensure_future(asked)

    first, *others = ask(), ask(), ask()
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    going.set()
    assert await asyncio.gather(*others) == [7, 7]
    assert first.cancelled()


async def test_what_cannot_be_read_is_told_to_everybody_who_asks(loaders: Loaders) -> None:
    async def read() -> int:
        await asyncio.sleep(0)
        raise KeyError("gone")

    answers = await asyncio.gather(
        *(loaders._read_once("key", read) for _ in range(3)), return_exceptions=True
    )
    assert [str(each) for each in answers] == ["'gone'"] * 3


async def test_a_root_that_fails_takes_nothing_from_one_beside_it(app: RunningApp) -> None:
    token = await member_with_points(app)
    part = 'pointHistory(first: 20) { edges { node { title } } } vouchers(after: "junk") { edges { cursor } }'
    text = f"{{ me {{ termsAccepted tier {{ current {{ code }} }} }} viewer {{ {part} }} }}"
    answer = await app.ask(text, token=token)
    assert answer["data"]["viewer"] is None
    assert answer["data"]["me"]["tier"] is not None
    assert [error["path"] for error in answer["errors"]] == [["viewer", "vouchers"]]
