"""GET /.well-known/jwks.json: its keys verify our tokens, and hold nothing more."""

from pathlib import Path

import httpx
import jwt

from api.app import create_app
from api.process import open_process
from api.settings import Settings
from domain.store.connect import Database


async def test_the_published_key_verifies_a_token_of_ours(database: Database, tmp_path: Path) -> None:
    async with (
        open_process(Settings(data=tmp_path), database) as process,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(process)), base_url="http://selo"
        ) as client,
    ):
        answer = await client.get("/.well-known/jwks.json")
        token = process.tokens.access(subject="m1", role="member", session="s1").token
    (key,) = jwt.PyJWKSet.from_dict(answer.json()).keys
    claims = jwt.decode(token, key.key, algorithms=["EdDSA"], audience="selo", issuer="selo")
    assert (claims["sub"], claims["role"], claims["sid"]) == ("m1", "member", "s1")
    assert answer.headers["x-content-type-options"] == "nosniff"
