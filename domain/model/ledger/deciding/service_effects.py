"""What events of service change: a reward given for nothing, tags by hand, a membership frozen."""

from __future__ import annotations

from domain.model import event_names
from domain.model.ledger.deciding.row_builder import RowBuilder
from domain.model.ledger.deciding.voucher_steps import issue_voucher
from domain.model.ledger.decision import RewardLock, RewardLocked
from domain.model.ledger.events import Event
from domain.model.ledger.member import TAGS_KEPT
from domain.model.values import evolve


def give_reward(builder: RowBuilder) -> None:
    """Issue a voucher without a price. Raises RewardLocked where there is none to issue."""
    code = str(builder.event.data.get("reward") or "")
    spec = next((one for one in builder.programme.rewards if one.code == code), None)
    if spec is None:
        raise RewardLocked(())
    if code in builder.stock.sold_out:
        raise RewardLocked((RewardLock("STOCK"),))
    if issue_voucher(builder, spec, id=None, is_free=True) is None:
        raise RewardLocked((RewardLock("MEMBER_LIMIT"),))


def change_tags(builder: RowBuilder) -> None:
    """Put tags on and take them away. What a hand put on stays, whatever becomes of the gifts of rules."""
    added, removed = _texts(builder.event, "add"), _texts(builder.event, "remove")
    staying = builder.member.tags - removed
    room = max(0, TAGS_KEPT - len(staying))
    sources = builder.member.tag_sources
    builder.member = evolve(
        builder.member,
        tags=staying | frozenset(sorted(added - staying)[:room]),
        tag_sources={tag: known for tag, known in sources.items() if tag not in added | removed},
    )


def freeze(builder: RowBuilder) -> None:
    """Freeze the membership, or end that."""
    builder.member = evolve(builder.member, frozen=builder.event.name == event_names.FROZEN)


def _texts(event: Event, name: str) -> frozenset[str]:
    values = event.data.get(name)
    return frozenset(str(value) for value in values) if isinstance(values, list) else frozenset()
