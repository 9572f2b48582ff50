"""Numbered SQL migrations, each in its own transaction, recorded with the checksum of the file that ran."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

from .database import connect
from .roles import provision
from .settings import OWNER, SUPERUSER, CannotStart, Settings

# Any number; the same for every run, so that of two runs one waits for the other.
LOCK = 7_305_221_514
NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


@dataclass(frozen=True)
class Migration:
    version: str
    name: str
    statements: str
    sha256: str


def available(folder: Path) -> list[Migration]:
    """The migrations of folder in order; refuses a gap, since a number that is missing here may have run elsewhere."""
    found = []
    for path in sorted(folder.glob("[0-9]*.sql")):
        match = NAME.match(path.name)
        if match is None:
            raise CannotStart(f"cannot use migration {path.name}: expected NNNN_words.sql")
        text = path.read_bytes()
        found.append(Migration(match[1], path.name, text.decode(), hashlib.sha256(text).hexdigest()))
    for number, migration in enumerate(found, start=1):
        if migration.version != f"{number:04}":
            raise CannotStart(f"cannot use migration {migration.name}: expected number {number:04} here")
    return found


def migrate(settings: Settings) -> list[str]:
    """Brings roles, database, tables and grants to what this program needs; returns what it did, in words."""
    migrations = available(settings.migrations)
    # Advisory locks belong to one database: this one exists before ours does.
    with connect(settings, SUPERUSER, database="postgres", autocommit=True) as lock:
        lock.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        done = provision(lock, settings)
        with connect(settings, OWNER, autocommit=True) as db:
            done += _apply(db, migrations)
            with db.transaction():
                db.execute((settings.migrations / "grants.sql").read_bytes())
    return done


def _apply(db: psycopg.Connection, migrations: list[Migration]) -> list[str]:
    db.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version text PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied = {
        row[0]: row for row in db.execute("SELECT version, name, sha256 FROM schema_migrations ORDER BY version")
    }
    _refuse_foreign(applied, migrations)
    done = []
    for migration in migrations:
        if migration.version in applied:
            continue
        with db.transaction():
            db.execute(migration.statements.encode())
            db.execute(
                "INSERT INTO schema_migrations (version, name, sha256) VALUES (%s, %s, %s)",
                [migration.version, migration.name, migration.sha256],
            )
        done.append(f"applied {migration.name}")
    return done


def _refuse_foreign(applied: dict, migrations: list[Migration]) -> None:
    ours = {migration.version: migration for migration in migrations}
    for version, name, sha256 in applied.values():
        if version not in ours:
            raise CannotStart(
                f"cannot migrate: the database is at {name}, newer than this image, which ends at {migrations[-1].name}"
            )
        if ours[version].sha256 != sha256:
            raise CannotStart(f"cannot migrate: {ours[version].name} was changed after it had been applied as {name}")
