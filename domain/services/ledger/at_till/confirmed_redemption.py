"""A reward redeemed at a till, for a member who confirms it by a code that was sent to them.

The code is used up in the transaction that takes the points. It also proves that the member is there, so the
answer begins a visit: the voucher can be used at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from domain.model.calendar import milliseconds
from domain.model.ledger.wallet import Wallet
from domain.model.values import dataclass
from domain.services.decisions import load_member
from domain.services.errors import SignInRefused
from domain.services.idempotency import recall_reply
from domain.services.keyed_decisions import BoundReply, DecidedEvent, decide_once
from domain.services.ledger import queries, redemption
from domain.services.ledger.queries import MemberView
from domain.services.ledger.redemption import RedeemedVoucher
from domain.services.ledger.till import Till
from domain.services.runtime import Runtime
from domain.store.document_store import Write
from domain.store.ledger.vouchers import Voucher
from domain.store.people.sign_in_codes import CodeGone
from domain.store.requests import Reply

Prove = Callable[[], Awaitable[list[Write]]]


@dataclass(frozen=True, slots=True)
class TillRedemption:
    """The voucher of a redemption at a till, the wallets right after it, the member as of now, and the
    instant at which their visit began.
    """

    voucher: Voucher
    wallets: Mapping[str, Wallet]
    member_view: MemberView
    visit_began_at: datetime


async def check(runtime: Runtime, *, till: Till, member_id: str, reward: str, now: datetime) -> str:
    """Return the title of a reward, in the member's language, that they can redeem now. Writes nothing.

    Raises RewardLocked, NotAllowed and NotFound.
    """
    spec, stored_member = redemption.find_redeemable(runtime, reward), await load_member(runtime, member_id)
    till.require_other_member(stored_member)
    await redemption.decide_redemption(runtime, member_id, reward, source=till.source, now=now)
    return spec.title.for_locale(stored_member.details.locale)


async def redeem(
    runtime: Runtime,
    *,
    till: Till,
    member_id: str,
    reward: str,
    prove: Prove,
    key: str,
    began_at: datetime,
    now: datetime,
) -> TillRedemption:
    """Spend a member's points on a reward; `prove` tries their code, and returns the writes that use it up.
    Their visit begins at `began_at`, an instant of the world.

    Raises SignInRefused, RewardLocked, NotAllowed, IdempotencyKeyConflict, InvalidInput, NotFound, Busy.
    """
    request = till.request_key("redeemForCustomer", key, {"member": member_id, "reward": reward})
    is_limited = redemption.find_redeemable(runtime, reward).stock is not None

    async def again(reply: Reply) -> TillRedemption:
        return await _redeemed_before(runtime, member_id, reply, now=now)

    if (reply := await recall_reply(runtime, request, now=now)) is not None:
        return await again(reply)
    try:
        proof = await prove()
        return await decide_once(
            runtime,
            request=request,
            queue=member_id,
            now=now,
            decide=lambda: _decide(runtime, till, member_id, reward, now=now),
            bind=lambda decided: _bind(till, decided, proof, began_at=began_at, now=now),
            answer=lambda decided: _answer(
                runtime, decided, began_at=began_at, now=now, is_limited=is_limited
            ),
            answer_again=again,
            lock=runtime.store.lock_for(f"reward:{reward}") if is_limited else None,
        )
    except (SignInRefused, CodeGone) as refusal:
        # A copy of this very request may have used the code up a moment ago.
        if (reply := await recall_reply(runtime, request, now=now)) is not None:
            return await again(reply)
        raise (refusal if isinstance(refusal, SignInRefused) else SignInRefused("EXPIRED_CODE")) from None


async def _decide(
    runtime: Runtime, till: Till, member_id: str, reward: str, *, now: datetime
) -> DecidedEvent[None]:
    decided = await redemption.decide_redemption(runtime, member_id, reward, source=till.source, now=now)
    till.require_other_member(decided.stored_member)
    return decided


def _bind(
    till: Till, decided: DecidedEvent[None], proof: list[Write], *, began_at: datetime, now: datetime
) -> BoundReply:
    reply = redemption.redemption_reply(decided)
    audit_writes = till.audit_writes(
        decided.decision,
        "REWARD_REDEEMED",
        now=now,
        subject=str(decided.row.event.data["reward"]),
        shift_counts={"vouchers": 1},
        voucher=str(reply["voucher"]),
    )
    return BoundReply({**reply, "at": milliseconds(began_at)}, [*proof, *audit_writes])


async def _answer(
    runtime: Runtime, decided: DecidedEvent[None], *, began_at: datetime, now: datetime, is_limited: bool
) -> TillRedemption:
    if is_limited:
        runtime.stock.mark_stale()  # the answer may say how many are left
    view = await queries.member_view_of(runtime, decided.member_after, now=max(now, decided.row.event.at))
    return _till_redemption(redemption.redeemed_voucher(decided), view, milliseconds(began_at))


async def _redeemed_before(
    runtime: Runtime, member_id: str, reply: Reply, *, now: datetime
) -> TillRedemption:
    began_at = reply["at"]
    assert isinstance(began_at, datetime), "the reply is ours"
    view = await queries.load_member_view(runtime, member_id=member_id, now=now)
    return _till_redemption(await redemption.redeemed_from_reply(runtime, reply, now=now), view, began_at)


def _till_redemption(redeemed: RedeemedVoucher, view: MemberView, began_at: datetime) -> TillRedemption:
    return TillRedemption(redeemed.voucher, redeemed.wallets, view, began_at)
