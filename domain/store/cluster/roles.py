"""The roles of a database with users: what a server, worker and command do, and what reads a backup."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

# What serving, working, migrating and every command do; nothing of it drops a collection or reads another
# database.
SERVER_ACTIONS = (
    *("find", "insert", "update", "remove", "changeStream"),
    *("createCollection", "createIndex", "listCollections"),
)
BACKUP_ACTIONS = ("find", "listCollections")
ROLES: Mapping[str, Sequence[str]] = {"seloServer": SERVER_ACTIONS, "seloBackup": BACKUP_ACTIONS}
USERS: Mapping[str, str] = {"selo": "seloServer", "selo-backup": "seloBackup"}


def role_document(name: str, database: str) -> Mapping[str, object]:
    """Return a role as `createRole` takes it."""
    resource = {"db": database, "collection": ""}
    return {
        "role": name,
        "privileges": [{"resource": resource, "actions": list(ROLES[name])}],
        "roles": [],
    }


def role_commands(database: str) -> Sequence[str]:
    """Return the commands for mongosh; it asks for each password."""
    admin = 'db.getSiblingDB("admin")'
    roles = [f"{admin}.createRole({json.dumps(role_document(name, database))})" for name in ROLES]
    users = [
        f'{admin}.createUser({{user: "{user}", pwd: passwordPrompt(), roles: ["{role}"]}})'
        for user, role in USERS.items()
    ]
    return [*roles, *users]
