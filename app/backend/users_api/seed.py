"""Fills an empty database and an empty volume, once: files first, then all rows and the mark in one transaction."""

import hashlib
import os
from datetime import timedelta

import psycopg

from . import avatars, seed_data
from .database import connect
from .seed_data import Size
from .settings import OWNER, CannotStart, Settings


def seed(settings: Settings, size: Size) -> str:
    """Seeds, or finds that it was done; says which. Refuses a database or a volume with anybody else's data."""
    if not 0 <= size.avatars <= size.users:
        raise CannotStart(f"cannot seed {size.users} users with {size.avatars} avatars: expected one each at most")
    with connect(settings, OWNER) as db:
        if not db.execute("SELECT to_regclass('public.seed_mark') IS NOT NULL").fetchone()[0]:
            raise CannotStart("cannot seed: the database has no tables yet; run migrate first")
        # Of two seeds one waits here, then finds the other's mark.
        db.execute("LOCK TABLE seed_mark IN EXCLUSIVE MODE")
        mark = db.execute("SELECT version FROM seed_mark").fetchone()
        if mark is not None:
            if mark[0] != size.mark:
                raise CannotStart(f"cannot seed: the database was filled with seed {mark[0]}, not {size.mark}")
            return f"already seeded: {size.mark}"
        if db.execute("SELECT EXISTS (SELECT FROM users)").fetchone()[0]:
            raise CannotStart("cannot seed: the table users has people in it that no seed put there")
        _files(settings, size)
        _rows(db, size)
        db.execute("INSERT INTO seed_mark (version) VALUES (%s)", [size.mark])
    return f"seeded {size.users} users and {size.avatars} avatars: {size.mark}"


def _files(settings: Settings, size: Size) -> None:
    folder = settings.avatars
    # A seed that was killed left some of its own files; anything else means that this is not an empty site's volume.
    foreign = set(avatars.names(folder)) - {name for _, name, _ in seed_data.avatars(size)}
    if foreign:
        raise CannotStart(f"cannot seed: {folder} holds {len(foreign)} files of others, as {min(foreign)}")
    avatars.sweep(folder)
    for _, name, data in seed_data.avatars(size):
        (folder / name).write_bytes(data)
    # One sync instead of hundreds: each costs tens of milliseconds under emulation.
    os.sync()


def _rows(db: psycopg.Connection, size: Size) -> None:
    cursor = db.cursor()
    with cursor.copy("COPY users (id, email, name, password_hash, created_at, updated_at) FROM STDIN") as copy:
        for user_id, email, name, at in seed_data.users(size):
            copy.write_row((user_id, email, name, seed_data.PASSWORD_HASH, at, at))
    with cursor.copy("COPY avatars (user_id, file, sha256, bytes, updated_at) FROM STDIN") as copy:
        at = seed_data.START + timedelta(days=60)
        for user_id, name, data in seed_data.avatars(size):
            copy.write_row((user_id, name, hashlib.sha256(data).digest(), len(data), at))
    with cursor.copy("COPY login_events (email, user_id, outcome, at) FROM STDIN") as copy:
        for event in seed_data.login_events(size):
            copy.write_row(event)
    # COPY with given ids leaves the sequence behind them.
    if size.users > 0:
        cursor.execute("SELECT setval(pg_get_serial_sequence('users', 'id'), %s)", [size.users])
    cursor.execute("ANALYZE users, avatars, login_events")
