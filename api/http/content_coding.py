"""What HTTP says about the bytes of an answer: gzip where the client takes it, and entity tags (RFC 9110)."""

import asyncio
import contextlib
import gzip
import hashlib

# Less is not worth a client's time; more holds the loop up, and is compressed in a thread.
SMALLEST_BYTES = 1_000
THREAD_BYTES = 64 * 1024
LEVEL = 4


def takes_gzip(accept_encoding: str | None) -> bool:
    """Tell whether an Accept-Encoding header takes gzip: by its name, else by `*`, with a weight above 0."""
    weights: dict[str, float] = {}
    for part in (accept_encoding or "").lower().split(","):
        coding, *parameters = (each.strip() for each in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                weight = 0.0
                with contextlib.suppress(ValueError):
                    weight = float(parameter[2:])
        weights[coding] = weight
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


async def gzipped(payload: bytes) -> bytes:
    """Return a payload compressed; a long one in a thread."""
    if len(payload) < THREAD_BYTES:
        return gzip.compress(payload, LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, payload, LEVEL, mtime=0)


def entity_tag(payload: bytes) -> str:
    """Return the tag of a content: a weak one, the same for each coding of it."""
    return f'W/"{hashlib.sha256(payload).hexdigest()[:24]}"'


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Tell whether the client has the content of a tag, by the weak comparison of RFC 9110, 13.1.2."""
    if if_none_match is None:
        return False
    tags = [each.strip() for each in if_none_match.split(",")]
    return "*" in tags or etag.removeprefix("W/") in (each.removeprefix("W/") for each in tags)
