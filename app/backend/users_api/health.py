"""What the app has, read from where it lies: migration, seed and people in the database, files on the volume."""

from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from . import avatars
from .database import Pool
from .migrate import available
from .settings import Settings


def health(pool: Pool, settings: Settings) -> dict[str, Any]:
    """{status: ok | unavailable, reason?, database, avatars}; a part that could not be read is null."""
    database, reasons = _database(pool, settings)
    files = None
    try:
        files = {"files": len(avatars.names(settings.avatars))}
    except OSError as error:
        reasons.append(f"cannot read the avatar volume: {error.strerror}")
    answer = {"status": "unavailable" if reasons else "ok", "database": database, "avatars": files}
    return {**answer, "reason": "; ".join(reasons)} if reasons else answer


def _database(pool: Pool, settings: Settings) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        with pool.connection() as db:
            migration = db.execute("SELECT max(version) FROM schema_migrations").fetchone()[0]
            seed = db.execute("SELECT max(version) FROM seed_mark").fetchone()[0]
            users = db.execute("SELECT count(*) FROM users").fetchone()[0]
    except (PoolTimeout, psycopg.Error) as error:
        return None, [f"cannot read the database: {pool.last_error or str(error).strip()}"]
    needed = available(settings.migrations)[-1].version
    wrong = [] if migration == needed else [f"the database is at migration {migration}, this program needs {needed}"]
    return {"migration": migration, "users": users, "seed": seed}, wrong
