"""Connections: one at a time for operators' commands, a pool for the server."""

from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from .settings import APP, CannotStart, Settings

CONNECT_SECONDS = 10
# As many as there are threads that answer requests, and one for the health of a busy server.
POOL_SIZE = 5


def connect(settings: Settings, role: str, database: str | None = None, autocommit: bool = False) -> psycopg.Connection:
    """A connection as role; raises psycopg.OperationalError when the server is away or refuses."""
    return psycopg.connect(
        host=settings.host,
        port=settings.port,
        dbname=database or settings.database,
        user=role,
        password=settings.password(role),
        connect_timeout=CONNECT_SECONDS,
        # A pod that is gone sends no goodbye: without it a query waits for a quarter of an hour.
        tcp_user_timeout=CONNECT_SECONDS * 1000,
        application_name="users-api",
        autocommit=autocommit,
    )


class Pool(ConnectionPool):
    """Connections as role app. It opens without a database; last_error says why a connection could not be made."""

    last_error: str | None = None


def pool(settings: Settings) -> Pool:
    """A closed pool; raises nothing, whatever state the database is in."""

    class FromFile(psycopg.Connection):
        """Reads the password for every new connection, so a rotation needs no restart."""

        @classmethod
        def connect(cls, conninfo: str = "", **kwargs: Any) -> "FromFile":
            try:
                made = super().connect(conninfo, password=settings.password(APP), **kwargs)
            except (psycopg.Error, CannotStart) as error:
                opened.last_error = str(error).strip()
                raise
            opened.last_error = None
            return made

    opened = Pool(
        kwargs={
            "host": settings.host,
            "port": settings.port,
            "dbname": settings.database,
            "user": APP,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "users-api",
        },
        connection_class=FromFile,
        min_size=1,
        max_size=POOL_SIZE,
        timeout=5,
        # The pool doubles its pauses up to this; a long one would keep the app away long after the database is back.
        reconnect_timeout=5,
        check=ConnectionPool.check_connection,
        open=False,
    )
    return opened
