"""Fills an empty database and an empty volume, once: files first, then all rows and the mark in one transaction."""

import hashlib
import os
from datetime import timedelta

import psycopg

from . import avatars, seed_data
from .database import connect
from .settings import OWNER, CannotStart, Settings


def seed(settings: Settings, version: str) -> str:
    """Seeds, or finds that it was done; returns which. Refuses a database or volume with anybody else's data."""
    if version != seed_data.VERSION:
        raise CannotStart(f"cannot make seed {version}: this image makes seed {seed_data.VERSION}")
    with connect(settings, OWNER) as db:
        if not db.execute("SELECT to_regclass('public.seed_mark') IS NOT NULL").fetchone()[0]:
            raise CannotStart("cannot seed: the database has no tables yet; run migrate first")
        # Of two seeds one waits here, then finds the other's mark.
        db.execute("LOCK TABLE seed_mark IN EXCLUSIVE MODE")
        mark = db.execute("SELECT version FROM seed_mark").fetchone()
        if mark is not None:
            if mark[0] != version:
                raise CannotStart(f"cannot seed: the database was filled with seed {mark[0]}, not {version}")
            return f"already seeded with {version}"
        if db.execute("SELECT EXISTS (SELECT FROM users)").fetchone()[0]:
            raise CannotStart("cannot seed: the table users has people in it that no seed put there")
        _files(settings)
        _rows(db)
        db.execute("INSERT INTO seed_mark (version) VALUES (%s)", [version])
    return f"seeded {seed_data.USERS} users and {seed_data.AVATARS} avatars, version {version}"


def _files(settings: Settings) -> None:
    wanted = {name: data for _, name, data in seed_data.avatars()}
    # A seed that was killed left some of its own files; anything else means that this is not an empty site's volume.
    foreign = [name for name in avatars.names(settings.avatars) if name not in wanted]
    if foreign:
        raise CannotStart(f"cannot seed: {settings.avatars} holds {len(foreign)} files of others, the first is {foreign[0]}")
    avatars.sweep(settings.avatars)
    for name, data in wanted.items():
        (settings.avatars / name).write_bytes(data)
    # One sync instead of 200: each costs tens of milliseconds under emulation.
    os.sync()


def _rows(db: psycopg.Connection) -> None:
    cursor = db.cursor()
    with cursor.copy("COPY users (id, email, name, password_hash, created_at, updated_at) FROM STDIN") as copy:
        for number, email, name, at in seed_data.users():
            copy.write_row((number, email, name, seed_data.PASSWORD_HASH, at, at))
    with cursor.copy("COPY avatars (user_id, file, sha256, bytes, updated_at) FROM STDIN") as copy:
        for user_id, name, data in seed_data.avatars():
            copy.write_row((user_id, name, hashlib.sha256(data).digest(), len(data), seed_data.START + timedelta(days=60)))
    with cursor.copy("COPY login_events (email, user_id, outcome, at) FROM STDIN") as copy:
        for event in seed_data.login_events():
            copy.write_row(event)
    # COPY with given ids leaves the sequence behind them.
    cursor.execute("SELECT setval(pg_get_serial_sequence('users', 'id'), %s)", [seed_data.USERS])
    cursor.execute("ANALYZE users, avatars, login_events")
