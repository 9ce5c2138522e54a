"""The shard keys. Ids are random, so ranges of them spread; what is of a member begins with the member.

A unique index must begin with the shard key, and `_id` is unique on each shard alone unless it is the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.store.document_store import DocumentStore

ShardKey = Mapping[str, int]

BY_ID: ShardKey = {"_id": 1}
SHARD_KEYS: Mapping[str, ShardKey] = {
    "journal": {"member": 1, "seq": 1},
    "inbox": {"member": 1, "n": 1},
    "vouchers": {"member": 1, "n": 1},
    **dict.fromkeys(
        (
            *(
                "members",
                "journal_bases",
                "contacts",
                "mailboxes",
                "receipts",
                "requests",
                "voucher_codes",
                "single_use_codes",
            ),
            *(
                "outbox",
                "agenda",
                "parked_events",
                "merges",
                "audit",
                "shifts",
                "look_ups",
                "consent_histories",
            ),
            *("sessions", "sign_in_codes", "enrolments", "contact_changes", "known_devices", "devices"),
            *("card_steps", "code_tries", "data_exports"),
            *("figures_members", "figures_months", "figures_due", "receipt_codes", "service_notes"),
            *("leaderboard_players", "leaderboard_scores", "file_parts", "recommendation_openings"),
            *("intake_deliveries", "intake_orders", "intake_bindings"),
        ),
        BY_ID,
    ),
}
# A few documents each, or with a unique index of their own: they stay on the database's primary shard.
UNSHARDED = frozenset(
    {
        *("meta", "programmes", "stock", "code_counts", "stale_commits", "correction_proposals"),
        *(
            "contact_proposals",
            "staff_proposals",
            "backtests",
            "stores",
            "staff",
            "staff_attempts",
            "tills",
            "dropped_keys",
        ),
        *("leaderboard_ranks", "leaderboard_results", "member_jobs", "products", "product_links"),
        *(
            "clients",
            "intake_sources",
            "source_pauses",
            "refused_calls",
            "programme_proposals",
            "programme_pictures",
            "figures_days",
            "figures_now",
            "sweeps",
        ),
    }
)


class NoCluster(Exception):
    """The server is no mongos, so nothing can be sharded there."""


def shard_commands(database: str) -> Sequence[str]:
    """Return the commands for mongosh, in the order in which they are run."""
    fields = {
        name: ", ".join(f"{field}: {way}" for field, way in key.items()) for name, key in SHARD_KEYS.items()
    }
    return [f'sh.shardCollection("{database}.{name}", {{{fields[name]}}})' for name in sorted(fields)]


async def shard(store: DocumentStore) -> int:
    """Shard the collections; return how many there are. One that is sharded alike already stays as it is.

    Raises NoCluster.
    """
    admin = store.client.admin
    if (await admin.command("hello")).get("msg") != "isdbgrid":
        raise NoCluster
    for name, key in sorted(SHARD_KEYS.items()):
        await admin.command("shardCollection", f"{store.mongo.name}.{name}", key=dict(key))
    return len(SHARD_KEYS)
