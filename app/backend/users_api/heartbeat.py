"""Writes a canary at each beat: into the database, and only when that has it onto the volume and into the cluster.

It outlives the loss of any of them: what is away is said, and filled in when it is back.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from .canary import Canary, following, iso
from .canary_copies import ConfigMap, Volume
from .database import CONNECT_SECONDS, connect
from .settings import APP, CannotStart, Settings

FILES = 500
OBJECTS = 20


class Chain:
    """The database's newest canaries, oldest first. A restored database may have others than a moment ago."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._db: psycopg.Connection | None = None
        self.newest: list[Canary] = []

    def extend(self) -> None:
        """Adds the next one. Raises psycopg.Error, CannotStart."""
        try:
            self._extend(self._connection())
        except (psycopg.Error, CannotStart):
            self.close()
            raise

    def _extend(self, db: psycopg.Connection) -> None:
        with db.transaction():
            if _newest(db, 1) != self.newest[-1:]:
                self.newest = _newest(db, FILES)
            now = datetime.now(UTC)
            canary = following(self.newest[-1] if self.newest else None, now)
            values = [canary.number, canary.written, canary.hash]
            db.execute("INSERT INTO canary (number, written, hash) VALUES (%s, %s, %s)", values)
        self.newest = [*self.newest, canary][-FILES:]

    def _connection(self) -> psycopg.Connection:
        if self._db is None:
            self._db = connect(self._settings, APP, autocommit=True)
            self._db.execute(f"SET statement_timeout = '{CONNECT_SECONDS}s'")
        return self._db

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = None


def _newest(db: psycopg.Connection, count: int) -> list[Canary]:
    rows = db.execute("SELECT number, written, hash FROM canary ORDER BY number DESC LIMIT %s", [count]).fetchall()
    return [Canary(number, iso(written), digest) for number, written, digest in reversed(rows)]


class Voice:
    """Says what has changed: the same trouble once, and that it is over."""

    def __init__(self) -> None:
        self._trouble: dict[str, str] = {}

    def hear(self, part: str, act: Callable[[], None]) -> bool:
        """Whether act succeeded."""
        try:
            act()
        except (psycopg.Error, CannotStart, OSError) as error:
            words = " ".join(str(error).split())
            if self._trouble.get(part) != words:
                print(f"cannot write to {part}: {words}", flush=True)
            self._trouble[part] = words
            return False
        if self._trouble.pop(part, None) is not None:
            print(f"{part} is back", flush=True)
        return True


def heartbeat(settings: Settings) -> None:
    """Until SIGTERM, and then to the end of the beat. Raises CannotStart."""
    every = _interval()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    chain, volume, objects, voice = Chain(settings), Volume(settings.avatars), ConfigMap(), Voice()
    said = False
    while not stop.is_set():
        start = time.monotonic()
        if voice.hear("the database", chain.extend):
            if not said:
                print(f"beating every {every:g} s, from canary {chain.newest[-1].number} on", flush=True)
                said = True
            voice.hear("the volume", lambda: volume.mirror(chain.newest))
            voice.hear("the cluster", lambda: objects.mirror(chain.newest[-OBJECTS:]))
        stop.wait(max(0.0, start + every - time.monotonic()))
    chain.close()


def _interval() -> float:
    text = os.environ.get("HEARTBEAT_SECONDS", "")
    try:
        every = float(text)
    except ValueError:
        every = 0
    if not 0 < every < 1e6:
        raise CannotStart(f"cannot use HEARTBEAT_SECONDS={text!r}: expected seconds between two beats")
    return every
