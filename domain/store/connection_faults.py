"""Why a database cannot be reached, in a sentence for whoever starts us.

The driver's own words are not handed on: they hold names of classes, times and, where a password was not
escaped, parts of it.
"""

from __future__ import annotations

import re
import ssl

from pymongo.common import VALIDATORS
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError

ESCAPES = "in its user or password an @ is written %40, a : %3A, a / %2F and a % %25"
NO_ADDRESS = (
    f"MONGODB_URI is not an address of a MongoDB server: mongodb://HOST:PORT/?OPTIONS, and {ESCAPES}."
)
_HOST = r"(?P<host>[^\s:,]+:\d+)"

# The first pattern that is found in the driver's words counts; its groups fill the sentence.
_REASONS: tuple[tuple[str, str], ...] = (
    (r"certificate has expired", "its TLS certificate has expired"),
    (r"not valid for", "its TLS certificate is for another name than the one in MONGODB_URI"),
    (
        r"CERTIFICATE_VERIFY_FAILED",
        "no authority that this machine trusts has signed its TLS certificate; tlsCAFile names another one",
    ),
    (
        r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|record layer failure",
        "it does not speak TLS, and MONGODB_URI asks for it (tls)",
    ),
    (r"SSL|TLSV1_ALERT", "it and we do not agree on TLS"),
    (
        r"replica set named '(?P<ours>[^']*)' but this node belongs to a set named '?(?P<theirs>[^',]*)'?",
        "it is of the replica set {theirs}, and MONGODB_URI asks for {ours} (replicaSet)",
    ),
    (
        r"replica set name \"(?P<ours>[^\"]*)\"",
        "no server there is of the replica set {ours} that MONGODB_URI asks for (replicaSet)",
    ),
    (
        r"DNS query name does not exist|does not contain an answer|_mongodb\._tcp|SRV",
        "DNS has no SRV record for the name behind mongodb+srv://",
    ),
    (r"resolution lifetime expired|DNS", "DNS does not answer"),
    (
        _HOST + r":.*(not known|nodename nor servname|No address associated|name resolution)",
        "the name of {host} is not known",
    ),
    (
        _HOST + r":.*(Connect call failed|Connection refused|Errno 111|Errno 61)",
        "nothing listens at {host}",
    ),
    (r"No route to host|Network is unreachable", "there is no way to it in the network"),
    (
        r"connection is already closed|connection closed|Connection reset",
        "it ends each connection; it may want TLS (tls) or a certificate (tlsCertificateKeyFile)",
    ),
    (r"Message length", "what answers there is no MongoDB server"),
)


def explain_fault(fault: PyMongoError) -> str | None:
    """Return why no server was reached; None where it is only known that none answered in time."""
    words = str(fault).partition("Topology Description")[0]
    for pattern, sentence in _REASONS:
        if (match := re.search(pattern, words)) is not None:
            return sentence.format(**match.groupdict())
    return None


def explain_uri(fault: Exception) -> str:
    """Return why no client was made: the address, an option of it, or a file that it names is no good."""
    if isinstance(fault, ssl.SSLError):
        return "The file that tlsCAFile or tlsCertificateKeyFile names in MONGODB_URI holds no such PEM."
    if isinstance(fault, OSError) and fault.filename is not None:
        return (
            f"The file {fault.filename} that tlsCAFile or tlsCertificateKeyFile names in MONGODB_URI cannot"
            f" be read: {fault.strerror}."
        )
    options = [word for word in re.findall(r"[a-z]+", str(fault).lower()) if word in VALIDATORS]
    if "mongodb+srv" in str(fault) and "port" in str(fault):
        return "MONGODB_URI cannot be used: an address that begins with mongodb+srv:// names no port."
    if isinstance(fault, (UserWarning, ConfigurationError)) and not isinstance(fault, InvalidURI):
        names = f"; look at {', '.join(options[:3])}" if options else ""
        return f"MONGODB_URI holds an option that does not exist, or does not fit{names}."
    return NO_ADDRESS


def is_unescaped(uri: str) -> bool:
    """Tell whether a user or password holds a character that ends it too early."""
    rest = uri.partition("://")[2]
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    before_options = rest.partition("?")[0]
    return (
        authority.count("@") > 1
        or "@" in before_options[len(authority) :]
        or ("@" not in authority and "@" in rest)
    )
