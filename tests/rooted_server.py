"""The embedded database with a user who may make roles and users, for a test of the roles that Selo asks for."""

from api import embedded_server

if __name__ == "__main__":
    embedded_server.ROLES = ("root",)  # type: ignore[assignment]
    embedded_server.main()
