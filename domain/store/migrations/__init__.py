"""Migrations: each change of a stored shape is one numbered step that rewrites what was stored before.

`meta` holds the database's format, a number; `FORMAT` is the one that this version of Selo reads and writes.
`selo migrate` runs the steps between the two; on the embedded database every start does. A server refuses a
database of another format, and stops using its database when somebody migrates it to a newer one.

How to change a stored shape:

1. Write `mNNNN_what_changes.py` in this folder, NNNN being FORMAT + 1, with one function `apply(run)`. Copy
   `m0002_letter_kind.py`. `rewrite_documents` reads a collection in the order of `_id`, writes what your
   function returns for each document, and saves its position; `build_indexes` has no time limit.
2. Make it idempotent: a killed step runs again from its last saved position, so it meets documents that it
   has changed already. Tell them by their shape, and return None for them.
3. Spell collections and fields as strings, and import no noun: a step must mean the same when their code has
   changed.
4. Append it to `MIGRATIONS`. Change the noun's document, reader and writer to the new shape alone.
5. A new index on a growing collection is a step with `build_indexes`, and a line in the `Settings` of its
   document. A server refuses a database in use that lacks an index: `selo migrate` builds what is missing.
6. Test it in `tests/store/migrations/`: a document of the old shape, the step, the new shape, the step again.
   `test_folders.py` there migrates whole databases of earlier formats, and folds every journal. Before the
   change, write one of the present format: `scripts/make-folder tests/folders/format-N.ndjson.gz`.

A step runs while no server writes. It never deletes what an event brought: the journal proves all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.store.document_store import DocumentStore
from domain.store.migrations import (
    m0002_letter_kind,
    m0003_returned_receipts,
    m0004_challenges,
    m0005_richer_programmes,
    m0006_month_texts,
    m0007_search_words,
    m0008_figures,
    m0009_sweeps,
    m0010_console_operations,
    m0011_returned_while_parked,
    m0012_segments,
    m0013_archive,
    m0014_survey_comments,
)
from domain.store.migrations.format import read_format
from domain.store.migrations.steps import Migration

FIRST_FORMAT = 1
MIGRATIONS: Sequence[Migration] = (
    Migration(2, "Letters of the inbox name their kind", m0002_letter_kind.apply),
    Migration(3, "Receipts that were wholly returned say so", m0003_returned_receipts.apply),
    Migration(4, "Codes and applications belong to who asked for them", m0004_challenges.apply),
    Migration(5, "Payments, counts, stamp cards, attributes and codes", m0005_richer_programmes.apply),
    Migration(6, "Amounts by day stand in a text a month", m0006_month_texts.apply),
    Migration(7, "Staff find members by name and last digits", m0007_search_words.apply),
    Migration(8, "Figures are counted from the journal", m0008_figures.apply),
    Migration(9, "Acted agenda rows leave, and sweeps stand in rows of their own", m0009_sweeps.apply),
    Migration(10, "The console finds what sources sent last, and rare acts", m0010_console_operations.apply),
    Migration(
        11, "Receipts say what was returned while a sale was parked", m0011_returned_while_parked.apply
    ),
    Migration(12, "Members are found by segment", m0012_segments.apply),
    Migration(13, "Old journal rows may stand in an archive", m0013_archive.apply),
    Migration(14, "Words beside the scores of surveys are found by survey", m0014_survey_comments.apply),
)
FORMAT = FIRST_FORMAT + len(MIGRATIONS)


async def check_format(store: DocumentStore) -> None:
    """Mark the store as outdated where the database has, or is about to get, a newer format than ours."""
    newest = (await read_format(store)).newest
    if newest > FORMAT:
        store.mark_outdated(newest)
