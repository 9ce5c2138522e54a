"""All of a member's data as one JSON file, in their language, written as it is read: its size is no matter.

Names are those of the API. What the programme file hides from screens stands here too: the data are theirs.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson

from api.graphql.engine.audience import Audience
from api.graphql.engine.titles import entry_title, event_title, find_spec, reason_text, rule_title
from domain.model.club.habits import Habit
from domain.model.ledger.decision import JournalRow, Outcome
from domain.model.ledger.events import Event, Purchase
from domain.model.messages.rendering import Recipient
from domain.services.messages.message_rules import render_letter
from domain.services.people import data_exports
from domain.services.people.data_exports import MemberRecords
from domain.services.runtime import Runtime
from domain.store.audit import AuditAct
from domain.store.ledger.history_entries import row_history
from domain.store.ledger.vouchers import Voucher
from domain.store.messages.inbox import Letter
from domain.store.people.consent_answers import ConsentAnswer

Json = dict[str, Any]

FORMAT = 1
OTHERS = ("friend", "referredBy")  # data of events that name another member


async def write_data_file(
    runtime: Runtime, audience: Audience, *, member_id: str, actor: str = "member"
) -> AsyncIterator[bytes]:
    """Yield the parts of the file. Raises NotFound before the first one."""
    records = await data_exports.load_records(runtime, member_id=member_id, now=audience.now)
    about = orjson.dumps({"about": _about(audience, actor)})
    yield about[:-1]
    async for part in _membership_parts(runtime, audience, records, first=b","):
        yield part
    yield b',\n"mergedMemberships":['
    separator = b"\n"
    async for merged in data_exports.iterate_merged(runtime, records, now=audience.now):
        async for part in _membership_parts(runtime, audience, merged, first=separator + b"{"):
            yield part
        yield b"}"
        separator = b",\n"
    yield b"]}\n"


async def _membership_parts(
    runtime: Runtime, audience: Audience, records: MemberRecords, *, first: bytes
) -> AsyncIterator[bytes]:
    """Yield the fields of a membership, without the brace that ends them."""
    member = records.member
    yield first + orjson.dumps(_head(audience, records))[1:-1]
    recipient = Recipient(records.details.name, member.number, audience.locale)
    voucher_items = data_exports.iterate_vouchers(runtime, member)
    letters = data_exports.iterate_letters(runtime, member)
    for items in (
        _list_part("vouchers", voucher_items, audience),
        _list_part("messages", letters, audience, recipient),
        _list_part("history", data_exports.iterate_rows(runtime, member), audience),
    ):
        async for part in items:
            yield part


async def _list_part(
    name: str, items: AsyncIterator[Any], audience: Audience, *more: Any
) -> AsyncIterator[bytes]:
    """Yield a list of the file, an item at a time."""
    yield b',\n"' + name.encode() + b'":['
    separator = b"\n"
    async for each in items:
        yield separator + orjson.dumps(_ITEMS[name](audience, each, *more))
        separator = b",\n"
    yield b"]"


# ---------------------------------------------------------------- what stands at its head
def _about(audience: Audience, actor: str) -> Json:
    programme = audience.programme.programme
    return {
        "format": FORMAT,
        "programme": audience.text(programme.name),
        "currency": programme.currency,
        "timezone": programme.timezone,
        "exportedAt": audience.now,
        "by": actor,
    }


def _head(audience: Audience, records: MemberRecords) -> Json:
    return {
        "profile": _profile(records),
        "attributes": dict(records.details.attributes),
        "consents": [_consent(each) for each in records.details.consents],
        "earlierConsents": [_consent(each) for each in records.earlier_consents],
        "contactChanges": [
            {
                "at": change.at,
                "until": change.until,
                "old": change.old.value if change.old else None,
                "new": change.new.value if change.new else None,
            }
            for change in records.contact_changes
        ],
        **_standing(audience, records),
        "devices": [
            {
                "platform": device.platform,
                "appVersion": device.app_version,
                "registeredAt": device.registered_at,
                "lastSeenAt": device.last_seen_at,
            }
            for device in records.devices
        ],
        "sessions": [
            {
                "began": session.began_at,
                "until": session.expires_at,
                "ended": session.ended_at,
                "installation": session.installation,
            }
            for session in records.sessions
        ],
        "service": [_staff_act(each) for each in (*records.staff_acts, *records.look_ups)],
        "leaderboards": _leaderboards(records),
        "recommendations": _recommendations(records),
        "notes": [{"at": note.at, "text": note.text} for note in records.notes],
        "singleUseCodes": [{"batch": code.batch, "at": code.used_at} for code in records.single_use_codes],
    }


def _leaderboards(records: MemberRecords) -> list[Json]:
    if records.player is None:
        return []
    nickname, taken = records.player.nickname, list(records.player.refused)
    return [
        {"leaderboard": code, "nickname": nickname, "from": day, "takenAway": taken}
        for code, day in records.player.boards.items()
    ]


def _recommendations(records: MemberRecords) -> Json:
    """Return what recommendations rest on, a piece of that day with 1,000,000, and what was opened."""
    tastes = records.tastes
    return {
        "asOf": tastes.on,
        "categories": [{"category": code, "weight": weight} for code, weight in tastes.categories.items()],
        "products": [
            {"sku": sku, "weight": weight, **_habit(tastes.habits.get(sku))}
            for sku, weight in tastes.items.items()
        ],
        "opened": [{"kind": each.kind, "code": each.code, "at": each.at} for each in records.opened],
    }


def _habit(habit: Habit | None) -> Json:
    """Return how often an article was bought, and when, as far as that is remembered."""
    return {} if habit is None else {"times": habit.times, "since": habit.since, "days": list(habit.days)}


def _profile(records: MemberRecords) -> Json:
    member, details = records.member, records.details
    begins = {} if records.history_begins_at is None else {"historyBeginsAt": records.history_begins_at}
    return {
        **begins,
        "number": member.number,
        "name": details.name,
        "email": details.email,
        "phone": details.phone,
        "birthday": details.birthday,
        "locale": details.locale,
        "timezone": details.timezone,
        "termsVersion": details.terms,
        "joinedAt": member.joined_at,
        "frozen": member.frozen,
        "notificationsOff": sorted(details.muted),
        "declinedChallenges": sorted(details.declined),
    }


def _consent(answer: ConsentAnswer) -> Json:
    return {
        "purpose": answer.purpose,
        "granted": answer.granted,
        "at": answer.at,
        "wording": answer.wording,
        "wordingVersion": answer.wording_version,
        "source": answer.source,
        "channels": answer.channels,
    }


def _standing(audience: Audience, records: MemberRecords) -> Json:
    """Return where the member stands: what the rules of the programme know of them."""
    member, programme = records.member, audience.programme
    wallets = {spec.code: audience.text(spec.name) for spec in programme.wallets}
    return {
        "wallets": [
            {
                "wallet": wallets.get(code, code),
                "available": wallet.available,
                "pending": wallet.pending,
                "held": wallet.held,
                "debt": wallet.debt,
                "earned": wallet.earned,
                "spent": wallet.spent,
                "expired": wallet.expired,
            }
            for code, wallet in member.wallets.items()
        ],
        "tier": None if member.tier is None else {"code": member.tier.code, "since": member.tier.since},
        "plan": None
        if member.plan is None
        else {"code": member.plan.code, "since": member.plan.since, "until": member.plan.until},
        "badges": [
            {"badge": code, "level": badge.level, "progress": badge.progress, "earnedAt": badge.earned_at}
            for code, badge in member.badges.items()
        ],
        "tags": sorted(member.tags),
        "segments": sorted(member.segments),
        "codes": [{"code": code, "at": at} for code, at in member.codes.items()],
        "referral": {
            "wasInvited": member.referral.referred_by is not None,
            "invited": records.invited_count,
            "qualified": member.referral.friends,
        },
        "purchases": {
            "count": member.purchases.count,
            "total": member.purchases.total,
            "categories": [
                {
                    "category": name,
                    "amount": total.amount,
                    "quantity": total.quantity,
                    "lastAt": total.last_at,
                }
                for name, total in member.purchases.categories.items()
            ],
        },
    }


def _staff_act(act: AuditAct) -> Json:
    """Return what was done for the member, without who did it."""
    by = act.actor if act.actor == "member" else "service"
    values = {"at": act.at, "action": act.action, "by": by, "store": act.store, "reason": act.reason}
    return {**values, "subject": act.subject}


# ---------------------------------------------------------------- lists
def _voucher(audience: Audience, voucher: Voucher) -> Json:
    spec = find_spec(audience.programme_of_version(voucher.version).reward, voucher.reward)
    return {
        "reward": voucher.reward if spec is None else audience.text(spec.title),
        "state": voucher.state,
        "issuedAt": voucher.issued_at,
        "expiresAt": voucher.expires_at,
        "usedAt": voucher.used_at,
        "usedIn": voucher.used_in_store,
        "cost": None
        if voucher.cost is None
        else {"wallet": voucher.cost.wallet, "amount": voucher.cost.amount},
    }


def _letter(audience: Audience, letter: Letter, recipient: Recipient) -> Json:
    words = render_letter(audience.programme_of_version(letter.version), letter, recipient)
    return {
        "sentAt": letter.sent_at,
        "readAt": letter.read_at,
        "clickedAt": letter.clicked_at,
        "title": words.title,
        "body": words.body,
        "score": letter.score,
        "answeredAt": letter.answered_at,
        "comment": letter.comment,
    }


def _row(audience: Audience, row: JournalRow) -> Json:
    """Return a journal row in words."""
    programme = audience.programme_of_version(row.version)
    wallets = {spec.code: audience.text(spec.name) for spec in programme.wallets}
    return {
        **_event(audience, row.event, row.version),
        "by": row.by,
        "entries": [
            {
                "wallet": wallets.get(line.wallet, line.wallet),
                "kind": line.kind,
                "amount": line.amount,
                "title": entry_title(audience, line, version=row.version, reward=line.reward),
                "balanceAfter": line.balance,
                "availableAt": line.available_at,
                "expiresOn": line.expires_on,
            }
            for line in row_history(row)
        ],
        "explanation": [_outcome(audience, outcome, row.version) for outcome in row.outcomes],
        "vouchers": [{"reward": step.reward, "change": step.change} for step in row.vouchers],
        "raised": [_event(audience, event, row.version) for event in row.raised],
    }


def _event(audience: Audience, event: Event, version: int) -> Json:
    """Return an event; who else took part in it is left out."""
    event_data = {name: value for name, value in event.data.items() if name not in OTHERS}
    values: Json = {
        "at": event.original_at or event.at,
        "event": event.name,
        "title": event_title(audience.programme_of_version(version), event.name, audience.locale),
        "source": event.source,
        "data": event_data,
    }
    return values if event.purchase is None else {**values, "purchase": _purchase(event.purchase)}


def _purchase(purchase: Purchase) -> Json:
    parts = purchase.payment.parts if purchase.payment is not None else ()
    return {
        "receipt": purchase.external_id,
        "store": purchase.store,
        "total": purchase.total,
        "payment": [{"wallet": part.wallet, "units": part.units, "worth": part.worth} for part in parts],
        "lines": [
            {
                "sku": line.sku,
                "name": line.name,
                "category": line.category,
                "quantity": line.quantity,
                "amount": line.amount,
            }
            for line in purchase.lines
        ],
    }


def _outcome(audience: Audience, outcome: Outcome, version: int) -> Json:
    return {
        "rule": rule_title(audience.programme_of_version(version), outcome.rule, audience.locale),
        "applied": outcome.applied,
        "amount": outcome.amount,
        "reason": None if outcome.reason is None else reason_text(audience, outcome.reason),
        **({} if outcome.variant is None else {"variant": outcome.variant}),
    }


_ITEMS: Mapping[str, Callable[..., Json]] = {"vouchers": _voucher, "messages": _letter, "history": _row}
