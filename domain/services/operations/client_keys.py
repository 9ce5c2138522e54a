"""Systems and their keys with four eyes. A revocation takes none: it is what one does in a hurry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from domain.model.intake.client_keys import KeyKind
from domain.model.values import dataclass
from domain.services.errors import NotFound
from domain.services.intake import clients
from domain.services.intake.clients import IssuedKey
from domain.services.ledger.till import Till
from domain.services.operations import proposals
from domain.services.operations.proposals import Approval, approval_writes
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.operations.staff_proposals import StaffProposal, StaffProposalEnded


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """What is asked for a system: None leaves what there is, or takes what a new one has by default. `bounds`
    are those of `ClientBounds`.
    """

    scopes: Sequence[str] | None = None
    addresses: Sequence[str] | None = None
    bounds: Mapping[str, int] = field(default_factory=dict)

    def row(self) -> dict[str, object]:
        """Return the terms as a proposal stores them."""
        return {
            "scopes": None if self.scopes is None else list(self.scopes),
            "addresses": None if self.addresses is None else list(self.addresses),
            "bounds": dict(self.bounds),
        }


@dataclass(frozen=True, slots=True)
class NewClient:
    """A system that is asked for: its key works through `expires_at`, for good where that is None."""

    name: str
    source: str
    store: str
    kind: KeyKind
    expires_at: datetime | None = None


# ---------------------------------------------------------------- proposing
async def propose_client(
    identity: IdentityRuntime,
    *,
    till: Till,
    client: NewClient,
    terms: ClientTerms,
    reason: str,
    key: str,
    now: datetime,
) -> StaffProposal:
    """Ask for a system to be added. Raises NotAllowed, InvalidInput."""
    till.require_operator()
    clients.check_scopes(terms.scopes or ())
    _check_terms(terms)
    await clients.check_new(
        identity,
        name=client.name,
        source=client.source,
        store=client.store,
        expires_at=client.expires_at,
        now=now,
    )
    row = {
        **terms.row(),
        "addresses": list(terms.addresses or ()),
        "source": client.source,
        "store": client.store,
        "kind": client.kind,
        "expires_at": client.expires_at,
    }
    return await proposals.propose(
        identity,
        till=till,
        kind="CLIENT_ADDED",
        subject=client.name,
        terms=row,
        request_input={"name": client.name, **{name: str(value) for name, value in row.items()}},
        reason=reason,
        key=key,
        now=now,
    )


async def propose_change(
    identity: IdentityRuntime,
    *,
    till: Till,
    name: str,
    terms: ClientTerms,
    reason: str,
    key: str,
    now: datetime,
) -> StaffProposal:
    """Ask for what a system's keys may do to be changed. Raises NotAllowed, InvalidInput."""
    till.require_operator()
    if terms.scopes is not None:
        clients.check_scopes(terms.scopes)
    _check_terms(terms)
    await clients.find(identity, name)
    row = terms.row()
    return await proposals.propose(
        identity,
        till=till,
        kind="CLIENT_CHANGED",
        subject=name,
        terms=row,
        request_input={"name": name, **{field: str(value) for field, value in row.items()}},
        reason=reason,
        key=key,
        now=now,
    )


async def propose_rotation(
    identity: IdentityRuntime,
    *,
    till: Till,
    name: str,
    keep_hours: int,
    reason: str,
    key: str,
    now: datetime,
) -> StaffProposal:
    """Ask for another key of a system; the ones before it end so many hours after the approval. Raises
    NotAllowed, InvalidInput.
    """
    till.require_operator()
    clients.check_rotation(await clients.find(identity, name), timedelta(hours=keep_hours), now=now)
    return await proposals.propose(
        identity,
        till=till,
        kind="CLIENT_KEY_ROTATED",
        subject=name,
        terms={"keep_hours": keep_hours},
        request_input={"name": name, "keep": keep_hours},
        reason=reason,
        key=key,
        now=now,
    )


def _check_terms(terms: ClientTerms) -> None:
    clients.check_addresses(terms.addresses or ())
    clients.check_bounds(clients.DEFAULT_BOUNDS, terms.bounds)


# ---------------------------------------------------------------- carrying out
async def carry_out(
    identity: IdentityRuntime, till: Till, proposal: StaffProposal, *, now: datetime
) -> Approval:
    """Do what an approved proposal about a system asks for. Raises InvalidInput, NotFound, Busy."""

    async def attempt() -> Approval:
        writes = approval_writes(till, proposal, now=now)
        terms, actor = proposal.terms, proposal.staff
        if proposal.kind == "CLIENT_CHANGED":
            await clients.change(
                identity,
                proposal.subject,
                scopes=terms["scopes"],
                addresses=terms["addresses"],
                bounds=terms["bounds"],
                actor=actor,
                also=writes,
                now=now,
            )
            return Approval(proposal.kind)
        if proposal.kind == "CLIENT_KEY_ROTATED":
            overlap = timedelta(hours=terms["keep_hours"])
            return _issued(
                proposal,
                await clients.rotate(
                    identity, proposal.subject, overlap=overlap, actor=actor, also=writes, now=now
                ),
            )
        return _issued(
            proposal,
            await clients.add(
                identity,
                name=proposal.subject,
                source=terms["source"],
                store=terms["store"],
                kind=terms["kind"],
                scopes=terms["scopes"],
                addresses=terms["addresses"] or (),
                bounds=terms["bounds"],
                expires_at=terms["expires_at"],
                actor=actor,
                also=writes,
                now=now,
            ),
        )

    try:
        return await identity.store.run_rounds(attempt, queue=f"proposal:{proposal.id}")
    except StaffProposalEnded:
        raise NotFound("proposal") from None


def _issued(proposal: StaffProposal, issued: IssuedKey) -> Approval:
    return Approval(proposal.kind, client_key=issued.key, signing_secret=issued.signing_secret)
