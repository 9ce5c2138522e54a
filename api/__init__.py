"""THE PORCH: processes and protocols. No rule of the programme lives here."""

from typing import Final

RELEASE: Final = "0.1.0"  # `/health` says it, and so does the schema over HTTP
