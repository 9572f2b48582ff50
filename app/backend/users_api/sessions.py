"""Signing in. A token is 32 random bytes; the database knows only its hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from . import users
from .models import Credentials, Session, User
from .passwords import NOBODY, verify_password

LIFETIME = timedelta(hours=12)
# Per e-mail address, counted in the database: a restart forgets nothing. It slows down guessing one person's
# password, not one guess at everybody's; and who knows an address can keep its owner out for five minutes.
TRIES = 5
WINDOW = timedelta(minutes=5)


@dataclass(frozen=True)
class Refused:
    """No session: wrong credentials, or too many tries (then retry_after in seconds)."""

    retry_after: int | None = None


def sign_in(db: psycopg.Connection, given: Credentials) -> Session | Refused:
    """db must be in autocommit: a try counts from before it is looked at, so tries sent at once are counted too."""
    event = db.execute(
        "INSERT INTO login_events (email, outcome) VALUES (%s, 'failed') RETURNING id", [given.email]
    ).fetchone()[0]
    failed = db.execute(
        "SELECT count(*) FROM login_events WHERE lower(email) = lower(%s) AND outcome = 'failed' AND at > now() - %s",
        [given.email, WINDOW],
    ).fetchone()[0]
    if failed > TRIES:
        # Refused tries do not count, or trying on would keep the door shut for ever.
        db.execute("UPDATE login_events SET outcome = 'refused' WHERE id = %s", [event])
        return Refused(retry_after=int(WINDOW.total_seconds()))
    row = db.execute("SELECT id, password_hash FROM users WHERE lower(email) = lower(%s)", [given.email]).fetchone()
    user_id, stored = row if row else (None, NOBODY)
    if not verify_password(given.password, stored) or user_id is None:
        return Refused()
    with db.transaction():
        db.execute("UPDATE login_events SET outcome = 'ok', user_id = %s WHERE id = %s", [user_id, event])
        db.execute("DELETE FROM sessions WHERE expires_at < now()")
        return _open(db, user_id)


def _open(db: psycopg.Connection, user_id: int) -> Session:
    token, expires_at = secrets.token_urlsafe(32), datetime.now(UTC) + LIFETIME
    db.execute(
        "INSERT INTO sessions (token_sha256, user_id, expires_at) VALUES (%s, %s, %s)",
        [_sha256(token), user_id, expires_at],
    )
    return Session(token=token, expires_at=expires_at, user=users.one(db, user_id))


def whose(db: psycopg.Connection, token: str) -> User | None:
    row = db.execute(
        "SELECT user_id FROM sessions WHERE token_sha256 = %s AND expires_at > now()", [_sha256(token)]
    ).fetchone()
    return users.one(db, row[0]) if row else None


def sign_out(db: psycopg.Connection, token: str) -> None:
    db.execute("DELETE FROM sessions WHERE token_sha256 = %s", [_sha256(token)])


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
