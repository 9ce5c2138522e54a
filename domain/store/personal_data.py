"""Where personal data lives, and what an erasure does there: the one list, an entry a collection.

A test holds it to all collections: whoever adds one adds it here, or says why it holds nothing. `erase` may
run again, and does, so each of them only deletes. What is known by a contact alone, and not by the member, is
deleted by `contact_writes` in the transaction that makes the member erased: nobody knows the contact after.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Literal

from pymongo import DeleteMany, DeleteOne

from domain.model.club.leaderboards import RANKS, SCORES
from domain.model.figures import increments
from domain.model.values import dataclass
from domain.store import audit, look_ups, meta, requests, stale_commits
from domain.store.club import (
    leaderboard_players,
    leaderboard_results,
    leaderboard_scores,
    product_links,
    products,
    receipt_codes,
    recommendation_openings,
)
from domain.store.document_store import DocumentStore, Write
from domain.store.figures import backtests, member_figures
from domain.store.figures import due as figures_due
from domain.store.intake import (
    bindings,
    clients,
    deliveries,
    orders,
    refused_calls,
    source_files,
    source_pauses,
)
from domain.store.ledger import (
    agenda,
    code_counts,
    correction_proposals,
    journal,
    members,
    merges,
    parked_events,
    programmes,
    receipts,
    single_use_codes,
    stock,
    vouchers,
)
from domain.store.ledger.archived import journal_bases
from domain.store.ledger.due import sweeps
from domain.store.messages import inbox, outbox
from domain.store.operations import file_parts, member_jobs, staff_proposals
from domain.store.people import (
    card_steps,
    code_tries,
    consent_histories,
    contact_changes,
    contact_proposals,
    contacts,
    data_exports,
    devices,
    dropped_keys,
    enrolments,
    known_devices,
    service_notes,
    sessions,
    sign_in_codes,
    staff,
    staff_attempts,
    stores,
    tills,
)
from domain.store.publishing import pictures, programme_proposals

# erased: what stands there goes. pseudonym: it stays, under the random id that leads to nobody any more.
# lapses: hashes that nothing leads to by the member, gone by themselves soon. nothing: no member's data.
Fate = Literal["erased", "pseudonym", "lapses", "nothing"]
Erase = Callable[[DocumentStore, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class DataPlace:
    """A collection, what becomes there of an erased member's data, and how or why."""

    collection: str
    fate: Fate
    why: str
    erase: Erase | None = None


# ---------------------------------------------------------------- how
def _delete_where(collection: str, query: Callable[[str], dict[str, Any]]) -> Erase:
    async def erase(store: DocumentStore, member: str) -> None:
        await store[collection].delete_many(query(member))

    return erase


def _by_member(collection: str) -> Erase:
    return _delete_where(collection, lambda member: {"member": member})


def _by_id(collection: str) -> Erase:
    return _delete_where(collection, lambda member: {"_id": member})


def _by_id_prefix(collection: str) -> Erase:
    """Erase the rows whose ids are `MEMBER:...`."""
    return _delete_where(collection, lambda member: {"_id": {"$gte": f"{member}:", "$lt": f"{member};"}})


async def _erase_reasons(store: DocumentStore, member: str) -> None:
    """Take the words that employees wrote from the trail, but for that of the erasure itself, and the numbers
    of memberships that were merged.
    """
    query = {"member": member, "action": {"$ne": "MEMBER_ERASED"}, "reason": {"$gt": ""}}
    await store[audit.COLLECTION].update_many(query, {"$set": {"reason": None}})
    of_merges = {"member": member, "action": {"$in": ["MEMBERS_MERGED", "MERGE_UNDONE"]}}
    await store[audit.COLLECTION].update_many(of_merges, {"$set": {"subject": ""}})


async def _erase_employment(store: DocumentStore, member: str) -> None:
    await store[staff.COLLECTION].update_many({"member": member}, {"$unset": {"member": ""}})


async def _erase_voucher_codes(store: DocumentStore, member: str) -> None:
    """Erase what leads from codes to vouchers: to a till these codes are unknown."""
    rows = store[vouchers.COLLECTION].find({"member": member}, {"hashed": 1})
    hashes = [row["hashed"] async for row in rows]
    await store[vouchers.CODES].delete_many({"_id": {"$in": hashes}})


async def _find_shop_orders(store: DocumentStore, member: str) -> list[str]:
    """Return the orders of shops that lead to a member: credited to them, or of a customer bound to them."""
    bound = store[bindings.COLLECTION].find({"member": member}, {"_id": 1})
    return await orders.find_ids_of_member(store, member, customers=[row["_id"] async for row in bound])


async def _erase_deliveries(store: DocumentStore, member: str) -> None:
    await deliveries.erase_of_orders(store, await _find_shop_orders(store, member))


async def _erase_shop_orders(store: DocumentStore, member: str) -> None:
    await orders.forget(store, await _find_shop_orders(store, member))


# ---------------------------------------------------------------- where
PLACES: Sequence[DataPlace] = (
    # What leads to the person goes before what only tells of them.
    DataPlace(
        sessions.COLLECTION,
        "erased",
        "installations and times",
        _delete_where(sessions.COLLECTION, lambda member: {"subject": f"member:{member}"}),
    ),
    DataPlace(devices.COLLECTION, "erased", "push tokens, keys of cards", _by_member(devices.COLLECTION)),
    DataPlace(known_devices.COLLECTION, "erased", "hashes of tokens", _by_member(known_devices.COLLECTION)),
    DataPlace(contacts.COLLECTION, "erased", "contacts, the number", _by_member(contacts.COLLECTION)),
    DataPlace(
        contact_changes.COLLECTION, "erased", "former contacts", _by_member(contact_changes.COLLECTION)
    ),
    DataPlace(
        contact_proposals.COLLECTION,
        "erased",
        "proposed contacts, reasons",
        _by_member(contact_proposals.COLLECTION),
    ),
    DataPlace(
        correction_proposals.COLLECTION,
        "erased",
        "proposed corrections, reasons",
        _by_member(correction_proposals.COLLECTION),
    ),
    DataPlace(
        staff_proposals.COLLECTION,
        "erased",
        "rewards and corrections that wait for approval, reasons",
        staff_proposals.erase_member,
    ),
    DataPlace(
        member_jobs.COLLECTION, "erased", "who stands on a list that is worked on", member_jobs.forget_member
    ),
    DataPlace(service_notes.COLLECTION, "erased", "notes of service", _by_member(service_notes.COLLECTION)),
    DataPlace(outbox.COLLECTION, "erased", "what was waiting to be sent", _by_id_prefix(outbox.COLLECTION)),
    DataPlace(inbox.MAILBOXES, "erased", "which messages came when", _by_id(inbox.MAILBOXES)),
    DataPlace(inbox.COLLECTION, "erased", "messages, answers with their words", _by_member(inbox.COLLECTION)),
    DataPlace(
        consent_histories.COLLECTION, "erased", "earlier answers", _by_id(consent_histories.COLLECTION)
    ),
    DataPlace(data_exports.COLLECTION, "erased", "exports", _by_member(data_exports.COLLECTION)),
    DataPlace(code_tries.COLLECTION, "erased", "digests of codes", _by_id_prefix(code_tries.COLLECTION)),
    DataPlace(look_ups.COLLECTION, "erased", "who looked them up", _by_member(look_ups.COLLECTION)),
    DataPlace(audit.COLLECTION, "erased", "reasons, merged numbers; other figures stay", _erase_reasons),
    DataPlace(staff.COLLECTION, "erased", "whose own membership it was", _erase_employment),
    DataPlace(stale_commits.COLLECTION, "erased", "a fault", _by_id(stale_commits.COLLECTION)),
    DataPlace(vouchers.CODES, "erased", "what they hold in their hands", _erase_voucher_codes),
    DataPlace(
        parked_events.COLLECTION,
        "erased",
        "sales that wait for their contacts, by `contact_writes`, and those that they have claimed",
        _by_member(parked_events.COLLECTION),
    ),
    # The player goes before the scores: nobody is placed on a leaderboard again by then.
    DataPlace(leaderboard_players.COLLECTION, "erased", "nicknames", _by_id(leaderboard_players.COLLECTION)),
    DataPlace(
        recommendation_openings.COLLECTION,
        "erased",
        "what they opened of recommendations",
        _by_id(recommendation_openings.COLLECTION),
    ),
    DataPlace(SCORES, "erased", "scores, and where they stand among others", leaderboard_scores.erase),
    DataPlace(merges.COLLECTION, "erased", "what of a profile was filled in", _by_id(merges.COLLECTION)),
    # Bindings lead to customers, customers to orders, orders to bodies: each goes before what leads to it.
    DataPlace(
        deliveries.COLLECTION,
        "erased",
        "sealed bodies about their orders; any other leaves after 30 days",
        _erase_deliveries,
    ),
    DataPlace(
        orders.COLLECTION,
        "erased",
        "customers, contacts, orders without a receipt; one with a receipt stays as that does",
        _erase_shop_orders,
    ),
    DataPlace(bindings.COLLECTION, "erased", "whose customer they are", _by_member(bindings.COLLECTION)),
    # By their contacts, in the transaction that makes the member erased.
    DataPlace(members.COLLECTION, "erased", "profile and number, by `erasures.erase_write`"),
    DataPlace(sign_in_codes.COLLECTION, "erased", "codes of their contacts, by `contact_writes`"),
    DataPlace(enrolments.COLLECTION, "erased", "applications with them, by `contact_writes`"),
    # Totals need these.
    DataPlace(journal.COLLECTION, "pseudonym", "entries: no profile ever enters them"),
    DataPlace(
        journal_bases.COLLECTION,
        "pseudonym",
        "what archived rows came to; those rows are as the journal's, under ids that lead to nobody any more",
    ),
    DataPlace(receipts.COLLECTION, "pseudonym", "what was bought, as fiscal law keeps it"),
    DataPlace(vouchers.COLLECTION, "pseudonym", "values and uses; open ones are cancelled"),
    DataPlace(leaderboard_results.COLLECTION, "pseudonym", "places of periods that were judged"),
    DataPlace(single_use_codes.COLLECTION, "pseudonym", "so that each counts once"),
    DataPlace(agenda.COLLECTION, "pseudonym", "events with figures; they come to nothing"),
    DataPlace(figures_due.COLLECTION, "pseudonym", "whose rows are to be counted"),
    DataPlace(
        member_figures.COLLECTION,
        "pseudonym",
        "days, codes and sums, so that they stay in figures; what they like is forgotten",
        member_figures.erase_tastes,
    ),
    DataPlace(increments.MONTHS, "pseudonym", "what was bought and redeemed in a month"),
    DataPlace(backtests.COLLECTION, "pseudonym", "who gained or lost most by a draft, for 30 days"),
    DataPlace(file_parts.COLLECTION, "pseudonym", "rows of files without a person, for a day"),
    DataPlace(requests.COLLECTION, "lapses", "hashes and ids, for 30 days"),
    DataPlace(card_steps.COLLECTION, "lapses", "hashes, for 25 hours"),
    *(
        DataPlace(collection, "nothing", why)
        for collection, why in (
            (meta.COLLECTION, "the format"),
            (programmes.COLLECTION, "the programme's file"),
            (stock.COLLECTION, "counts"),
            (sweeps.COLLECTION, "how far the sweep after a publish is"),
            (code_counts.COLLECTION, "counts"),
            (stores.COLLECTION, "stores"),
            (RANKS, "counts"),
            (products.COLLECTION, "the catalogue"),
            (product_links.COLLECTION, "which articles go together, of three people at least"),
            (receipt_codes.COLLECTION, "digests of codes on receipts"),
            (staff_attempts.COLLECTION, "employees' tries"),
            (tills.COLLECTION, "tills"),
            (audit.SHIFTS, "employees' figures"),
            (dropped_keys.COLLECTION, "keys"),
            (source_files.COLLECTION, "the shops' files"),
            (source_pauses.COLLECTION, "which shops' reports wait"),
            (refused_calls.COLLECTION, "counts of calls by source"),
            (increments.DAYS, "sums"),
            (increments.NOW, "sums"),
            (clients.COLLECTION, "systems, and hashes of their keys"),
            (pictures.COLLECTION, "pictures of rewards and badges, drawn anew"),
            (programme_proposals.COLLECTION, "versions of the programme's file that wait"),
        )
    ),
)


async def contact_writes(
    store: DocumentStore, member: str, keys: Collection[str], hashes: Collection[str]
) -> list[Write]:
    """Return the writes that free a member's contacts and delete what is known by their hashes alone."""
    applications = store[enrolments.COLLECTION].find({"contact": {"$in": list(hashes)}}, {"_id": 1})
    enrolment_ids = [row["_id"] async for row in applications]
    waiting = await orders.find_waiting_ids(store, hashes)
    return [
        *(contacts.release_write(key, member) for key in keys),
        *(Write(sign_in_codes.COLLECTION, DeleteOne({"_id": each})) for each in hashes),
        *(Write(enrolments.COLLECTION, DeleteOne({"_id": each})) for each in enrolment_ids),
        Write(deliveries.COLLECTION, DeleteMany({"order": {"$in": [*waiting, *hashes]}})),
        Write(orders.COLLECTION, DeleteMany({"_id": {"$in": waiting}, "keys": {"$exists": False}})),
        parked_events.delete_write(hashes),
    ]
