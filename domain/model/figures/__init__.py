"""Figures: what journal rows add to sums, what each key figure is, and what it is compared with.

    increments.py       what rows add to documents of sums
    member_figures.py   what is kept of each member, so that a row can be folded without their history
    folding.py          one row -> the member's figures after it, and increments
    folds/              one fold a subject: purchases, wallets, rules, people
    period.py           sums and levels of a period, as definitions read them
    definitions/        one pure function a key figure, with numerator and denominator
    backtest/           a draft tried on what happened: members' real events decided again by it

**The seam for other folds.** A fold is a function `fold(FoldedRow, Increments) -> None` in the tuple `FOLDS`
of `folding.py`. The projector (`domain/services/figures/projector.py`) hands it each row of each member once,
in the order of the member's journal, and commits what it adds together with the guarded position of the
member: so each row counts once, after any crash. A fold that needs something of the member's past reads it
from `FoldedRow.before`. One that has sums of its own (leaderboards, what is bought together) adds to
documents of a collection of its own, by `increments.add(DocumentKey(collection, id), path, amount)`, and
names that collection in `REBUILT` of `domain/store/figures/sums.py`, so that a rebuild empties it first. What
a fold does must depend on nothing but the row and the member's figures: a rebuild calls it again with both.
"""
