"""The collection `meta`: a few documents that say something of the whole database."""

from __future__ import annotations

from domain.store.stored_document import StoredDocument

COLLECTION = "meta"
PROGRAMME_ID = "programme"
FORMAT_ID = "format"


class MetaDocument(StoredDocument):
    """`programme` holds the version that rules, `format` the number of the format."""

    version: int | None = None
    number: int | None = None

    class Settings(StoredDocument.Settings):
        name = COLLECTION
