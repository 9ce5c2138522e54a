"""What is read and written rarely, as Beanie documents: published programmes.

The growing collections are not here: their rows are plain, read raw and written by `commit.py` alone, since a
whole-document save would lose what others wrote meanwhile.
"""

from __future__ import annotations

from datetime import datetime

from beanie import Document


class ProgrammeVersion(Document):
    """One published version: the file's text as it was, immutable, numbered from 1. `digest` tells the same
    content again.
    """

    id: int  # type: ignore[assignment]  # the version's number is its identity
    digest: str
    text: str
    published_at: datetime
    published_by: str | None = None

    class Settings:
        name = "programmes"


DOCUMENTS: list[type[Document]] = [ProgrammeVersion]
