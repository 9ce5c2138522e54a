"""The files by which Apple and Google let an app open links, and the links themselves."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.process import open_process
from api.settings import Settings
from api.worker import make_delivery_worker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.loud_runtime import RecordingPushSender
from tests.running_app import Json, open_running_app
from tests.senders.push_tokens import registration_token

APPLE = "/.well-known/apple-app-site-association"
ANDROID = "/.well-known/assetlinks.json"
FINGERPRINT = ":".join(["A1"] * 32)
APPS = Settings(
    apple_apps=["ABCDE12345.example.club"],
    android_apps={"example.club": [FINGERPRINT]},
    link_paths=["/phone/*", "/rewards/*"],
)


async def test_both_files_name_the_apps_of_the_settings(database: Database, tmp_path: Path) -> None:
    settings = APPS.model_copy(update={"data": tmp_path})
    async with (
        open_process(settings, database) as process,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(process)), base_url="http://selo"
        ) as client,
    ):
        apple, android = await client.get(APPLE), await client.get(ANDROID)
    assert [answer.headers["content-type"] for answer in (apple, android)] == ["application/json"] * 2
    assert apple.json() == {
        "applinks": {
            "details": [
                {
                    "appIDs": ["ABCDE12345.example.club"],
                    "components": [{"/": "/phone/*"}, {"/": "/rewards/*"}],
                }
            ]
        }
    }
    assert android.json() == [
        {
            "relation": ["delegate_permission/common.handle_all_urls"],
            "target": {
                "namespace": "android_app",
                "package_name": "example.club",
                "sha256_cert_fingerprints": [FINGERPRINT],
            },
        }
    ]


async def test_without_apps_there_are_no_files(database: Database, tmp_path: Path) -> None:
    async with (
        open_process(Settings(data=tmp_path), database) as process,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(process)), base_url="http://selo"
        ) as client,
    ):
        assert [(await client.get(path)).status_code for path in (APPLE, ANDROID)] == [404, 404]


LINKING = """
programme: {code: club, name: Club, currency: EUR, timezone: Europe/Lisbon, locales: [pt]}
wallets: [{code: points, kind: points, name: Points}]
rules: [{code: hello, on: member.enrolled, do: [{message: hello}]}]
messages: [{code: hello, channels: [push, inbox], purpose: service, title: Hello, link: /rewards/first}]
"""
BASES: list[tuple[Json, str]] = [
    ({"links_url": "https://go.club.example", "base_url": "https://api.example"}, "https://go.club.example"),
    ({"base_url": "https://api.example"}, "https://api.example"),
]


@pytest.mark.parametrize(("settings", "base"), BASES)
async def test_invitations_begin_where_links_begin(
    database: Database, command_log: CommandLog, tmp_path: Path, settings: Json, base: str
) -> None:
    async with open_running_app(database, command_log, tmp_path, **settings) as app:
        ana = await app.enrol_member()
        referral = (await app.do("{ me { referral { code url } } }", token=ana))["me"]["referral"]
    assert referral["url"] == f"{base}/phone/?r={referral['code']}"


@pytest.mark.parametrize(("settings", "base"), [*BASES, ({}, "")])
async def test_a_message_whose_link_is_a_path_leads_where_links_begin(
    database: Database, command_log: CommandLog, tmp_path: Path, settings: Json, base: str
) -> None:
    programme = tmp_path / "linking.yaml"
    programme.write_text(LINKING, encoding="utf-8")
    pushes = RecordingPushSender()
    async with open_running_app(database, command_log, tmp_path, programme=programme, **settings) as app:
        ana = await app.enrol_member(termsVersion="1")
        device = {"installationId": "p", "platform": "IOS", "token": registration_token("ok")}
        await app.mutate("registerDevice", device, "device { id }", token=ana)
        process = replace(app.process, senders=Senders(push=pushes))
        await run_round(process.runtime, make_delivery_worker(process), now=app.clock())
        box = (await app.do("{ me { messages { edges { node { link } } } } }", token=ana))["me"]["messages"]
    assert [edge["node"]["link"] for edge in box["edges"]] == [f"{base}/rewards/first"]
    assert [push.link for push in pushes.sent] == [f"{base}/rewards/first"]
