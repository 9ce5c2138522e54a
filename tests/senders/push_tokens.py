"""Push tokens that look as Google's do, by a name: the stand-in for FCM answers by how they begin."""


def registration_token(name: str) -> str:
    """A token of some 140 characters that begins with a name."""
    return f"{name}:APA91b".ljust(142, "x")


def installation_id(name: str) -> str:
    """An id of 22 characters that begins with a name."""
    assert len(name) <= 22, name
    return name.ljust(22, "_")


def push_token(name: str, kind: str) -> str:
    """A token of a kind."""
    return registration_token(name) if kind == "TOKEN" else installation_id(name)


def name_of(token: str) -> str:
    """The name that a token begins with."""
    return token.partition(":")[0].rstrip("_")
