"""A member's name is text wherever it goes: it makes no header, encoded word, placeholder or markup, neither in an
e-mail over real SMTP, nor in a push, nor in the inbox.
"""

import asyncio
from email.message import EmailMessage
from html import escape
from pathlib import Path

import pytest

from api.graphql.member.messages import message_id
from api.senders.email import SmtpSender, SmtpServer
from api.senders.firebase import FirebasePush, certificate
from api.senders.mail_layout import Letterheads
from domain.services.messages.delivery_jobs import DeliveryWorker
from domain.services.messages.delivery_rounds import run_round
from domain.services.senders import Senders
from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.running_app import open_running_app
from tests.senders.fcm import PROJECT, serving_fcm
from tests.senders.mailbox import serving_mail
from tests.senders.push_tokens import registration_token

NAMES = [
    "=?utf-8?Q?=0D=0ABcc:_eve@shop.example=0D=0A=0D=0AClick?=",
    "Ana =?utf-8?B?DQpCY2M6IGV2ZUBzaG9wLmV4YW1wbGUNCg0KSGk=?=",
    "{member.number}{code}{to} %(name)s ${x}",
    "<img src=x onerror=alert(1)>&amp;\"'",
    "Ana, <eve@shop.example>; x=y",
]
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_arrives_as_it_was_written(
    database: Database, command_log: CommandLog, tmp_path: Path, name: str
) -> None:
    with serving_fcm() as fcm:
        async with serving_mail() as mailbox, open_running_app(database, command_log, tmp_path) as app:
            server = SmtpServer("127.0.0.1", mailbox.port, "none", "club@selo.example", "Clube")
            push = FirebasePush(certificate(fcm.account_file(tmp_path)), project=PROJECT, url=fcm.url)
            worker = DeliveryWorker(
                Senders(push=push, mail=SmtpSender(server, Letterheads())), public_id=message_id
            )
            try:
                ana = await app.enrol_member(name=name)
                device = {
                    "installationId": "p",
                    "platform": "ANDROID",
                    "token": registration_token("ok-p"),
                    "tokenKind": "TOKEN",
                }
                await app.mutate("registerDevice", device, "device { id }", token=ana)
                await asyncio.gather(
                    *(run_round(app.process.runtime, worker, now=app.clock()) for _ in range(2))
                )
            finally:
                await push.close()
            box = (await app.do("{ me { name messages { edges { node { title } } } } }", token=ana))["me"]
        ((to, mail),) = mailbox.mails
        assert (to, sorted(mail)) == (["ana@example.com"], sorted(HEADERS))
        title = f"Bem-vindo, {name}"
        assert (mail["Subject"], mail["To"]) == (title, "ana@example.com")
        text, html = (_content(part) for part in mail.iter_parts())
        assert text == "Os seus primeiros pontos estão a caminho.\n"
        assert f"<title>{escape(title)}</title>" in html
        assert html.count("<") == 23
        assert [pushed.message["notification"]["title"] for pushed in fcm.accepted] == [title]
        assert (box["name"], [edge["node"]["title"] for edge in box["messages"]["edges"]]) == (name, [title])


def _content(part: object) -> str:
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")
