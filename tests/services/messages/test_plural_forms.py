"""Plural forms reach every channel: the same words in the inbox, the push, the mail and the text message."""

from domain.model.messages.rendering import Recipient
from domain.services.messages import inbox
from domain.services.messages.message_rules import render_letter
from domain.store.connect import Database
from tests.loud_runtime import (
    LOUD,
    RecordingMailSender,
    RecordingPushSender,
    RecordingSmsSender,
    change_details,
    deliver_all_due,
    new_delivery_worker,
    open_loud_runtime,
    record_event,
    register_phone,
)

FORMS = "Przyszła {event.people, plural, one {# osoba} few {# osoby} many {# osób} other {# osoby}}"


async def test_a_count_has_its_form_in_every_channel(database: Database) -> None:
    file = LOUD.replace("locales: [en, pt]", "locales: [en, pt, pl]").replace(
        "channels: [push, inbox]\n    purpose: service\n    title: {en:",
        f'channels: [push, inbox, email, sms]\n    purpose: service\n    title: {{pl: "{FORMS}", en:',
    )
    runtime = await open_loud_runtime(database, file)
    await register_phone(runtime)
    await change_details(runtime, locale="pl")
    pushes, mails, texts = RecordingPushSender(), RecordingMailSender(), RecordingSmsSender()
    for people in (1, 22, 25):
        await record_event(runtime, "visited", place="Baixa", people=people)
    assert await deliver_all_due(runtime, new_delivery_worker(pushes, mail=mails, sms=texts)) == 9
    expected = ["Przyszła 1 osoba", "Przyszła 22 osoby", "Przyszła 25 osób"]
    assert sorted(push.title for push in pushes.sent) == expected
    assert sorted(mail.subject for mail in mails.got) == expected
    assert sorted(text.text.partition("\n")[0] for text in texts.got) == expected
    letters = (await inbox.list_letters(runtime, member_id="ana", first=20)).letters
    programme, ana = runtime.programmes.current().programme, Recipient("Ana", "1", "pl")
    assert sorted(render_letter(programme, letter, ana).title for letter in letters) == expected
