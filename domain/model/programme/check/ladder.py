"""The ladder of tiers: in order, by each count that the file names, and within reach."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from domain.model.fault_text import FaultText
from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath, suggestion
from domain.model.programme.tiers import SINGLE_COUNT, NamedCount, Tiers, TierSpec


def check_ladder(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find tiers that are out of order or out of reach, and amounts of counts that there are not."""
    tiers = checked_file.programme.tiers
    if tiers is None or checked_file.validation.has_findings("tiers", "ladder"):
        return
    if not tiers.counts:
        yield from _by_a_single_count(tiers)
        return
    yield from _kinds(checked_file, tiers)
    if not checked_file.validation.has_findings("tiers", "counts"):
        yield from _by_several_counts(tiers)


# ---------------------------------------------------------------- a single count


def _by_a_single_count(tiers: Tiers) -> Iterator[Finding]:
    below: TierSpec | None = None
    for index, tier in enumerate(tiers.ladder):
        path: KeyPath = ("tiers", "ladder", index)
        named = [key for key, amount in (("from", tier.from_), ("keep", tier.keep)) if _is_map(amount)]
        for key in named[:1]:  # keep is what from is, where it is left out
            yield Finding(
                (*path, key),
                FaultText("{key} names counts, and tiers has a single count", key=key),
                FaultText("write {key}: 1000", key=key),
            )
        if named:
            below = None
            continue
        reached, needed = tier.reaching[SINGLE_COUNT], tier.keeping[SINGLE_COUNT]
        if index == 0 and reached != 0:
            remedy = FaultText("write from: 0, so that everyone has a tier")
            yield Finding(
                (*path, "from"), FaultText("the first tier is reached at {reached}", reached=reached), remedy
            )
        if below is not None and reached <= below.reaching[SINGLE_COUNT]:
            remedy = FaultText(
                "write more than {below}, or order the ladder from the lowest up",
                below=below.reaching[SINGLE_COUNT],
            )
            yield Finding(
                (*path, "from"),
                FaultText(
                    "{code} is reached at {reached}, not above {below}",
                    code=tier.code,
                    reached=reached,
                    below=below.code,
                ),
                remedy,
            )
        elif needed > reached:
            message = FaultText("keeping {code} takes more than reaching it", code=tier.code)
            yield Finding((*path, "keep"), message, FaultText("write {reached} or less", reached=reached))
        below = tier


def _is_map(amount: int | dict[str, int]) -> bool:
    return isinstance(amount, dict)


# ---------------------------------------------------------------- several counts


def _kinds(checked_file: CheckedFile, tiers: Tiers) -> Iterator[Finding]:
    wallets = {wallet.code: wallet.kind for wallet in checked_file.programme.wallets}
    for name, count in tiers.counts.items():
        kind = {"points": "number", "money": "money"}.get(wallets.get(count.wallet or "", ""))
        if kind is not None and count.kind not in (None, kind):
            message = FaultText(
                "{name} is of wallet {wallet}, which is no {kind}",
                name=name,
                wallet=count.wallet,
                kind=count.kind,
            )
            yield Finding(("tiers", "counts", name, "kind"), message, FaultText("remove it"))


def _by_several_counts(tiers: Tiers) -> Iterator[Finding]:
    highest: dict[str, tuple[int, str]] = {}
    for index, tier in enumerate(tiers.ladder):
        path: KeyPath = ("tiers", "ladder", index)
        named = yield from _amounts(path, tier, tiers.counts)
        if not named:
            continue
        yield from _first_or_above(path, tier, highest, is_first=index == 0)
        yield from _keep(path, tier)
        highest.update({name: (amount, tier.code) for name, amount in tier.reaching.items()})
    reached_by = {name for tier in tiers.ladder[1:] for name in tier.reaching}
    for name in tiers.counts:
        if len(tiers.ladder) > 1 and name not in reached_by:
            yield Finding(
                ("tiers", "counts", name),
                FaultText("no tier is reached by {name}", name=name),
                FaultText("name {name} in from of a tier, or remove it", name=name),
                is_warning=True,
            )


def _amounts(
    path: KeyPath, tier: TierSpec, counts: Mapping[str, NamedCount]
) -> Generator[Finding, None, bool]:
    """Find amounts that name no count. Returns whether all do."""
    for key, amount in (("from", tier.from_), ("keep", tier.keep)):
        faults = list(_amount_faults((*path, key), amount, tier, counts))
        yield from faults
        if faults:
            return False  # keep is what from is, where it is left out
    return True


def _amount_faults(
    path: KeyPath, amount: int | dict[str, int], tier: TierSpec, counts: Mapping[str, NamedCount]
) -> Iterator[Finding]:
    key = path[-1]
    if not isinstance(amount, dict):
        example = ", ".join(f"{name}: {amount}" for name in counts)
        message = FaultText("{amount} is of no count, and there are several", amount=amount)
        yield Finding(path, message, FaultText("write {key}: {{{example}}}", key=key, example=example))
        return
    if not amount and key == "from":
        message = FaultText("no count reaches {code}", code=tier.code)
        yield Finding(path, message, FaultText("write from: {{{name}: 10}}", name=next(iter(counts))))
    for name in amount.keys() - counts.keys():
        remedy = suggestion(name, counts, FaultText("declare it under counts"))
        yield Finding((*path, name), FaultText("there is no count {name}", name=name), remedy)


def _first_or_above(
    path: KeyPath, tier: TierSpec, highest: Mapping[str, tuple[int, str]], *, is_first: bool
) -> Iterator[Finding]:
    for name, amount in tier.reaching.items():
        if is_first and amount != 0:
            remedy = FaultText("write from: 0, so that everyone has a tier")
            yield Finding(
                (*path, "from"),
                FaultText("the first tier is reached at {amount} {name}", amount=amount, name=name),
                remedy,
            )
        below, code = highest.get(name, (-1, ""))
        if not is_first and amount <= below:
            remedy = FaultText(
                "write more than {below}, or leave {name} out here, or order the ladder from the lowest up",
                below=below,
                name=name,
            )
            message = FaultText(
                "{code} is reached at {amount} {name}, not above {below}",
                code=tier.code,
                amount=amount,
                name=name,
                below=code,
            )
            yield Finding((*path, "from", name), message, remedy)


def _keep(path: KeyPath, tier: TierSpec) -> Iterator[Finding]:
    for name, amount in tier.keeping.items():
        reached = tier.reaching.get(name)
        if reached is not None and amount > reached:
            message = FaultText(
                "keeping {code} by {name} takes more than reaching it", code=tier.code, name=name
            )
            yield Finding(
                (*path, "keep", name), message, FaultText("write {reached} or less", reached=reached)
            )
