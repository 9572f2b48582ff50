"""The people: every statement that touches the tables users and avatars."""

from typing import Any

import psycopg
from psycopg.rows import class_row

from .models import NewUser, Page, User, UserChange

COLUMNS = "u.id, u.email, u.name, u.created_at, u.updated_at, a.user_id IS NOT NULL AS avatar"
TABLES = "users u LEFT JOIN avatars a ON a.user_id = u.id"


def one(db: psycopg.Connection, user_id: int) -> User | None:
    cursor = db.cursor(row_factory=class_row(User))
    return cursor.execute(f"SELECT {COLUMNS} FROM {TABLES} WHERE u.id = %s", [user_id]).fetchone()


def page(db: psycopg.Connection, after: int, limit: int, term: str) -> Page:
    """People with an id above after, in order of ids: a page costs the same wherever it is."""
    where, values = "u.id > %s", [after]
    if term:
        where += " AND (u.name ILIKE %s OR u.email ILIKE %s)"
        values += [f"%{_literal(term)}%"] * 2
    cursor = db.cursor(row_factory=class_row(User))
    rows = cursor.execute(
        f"SELECT {COLUMNS} FROM {TABLES} WHERE {where} ORDER BY u.id LIMIT %s", [*values, limit + 1]
    ).fetchall()
    return Page(users=rows[:limit], next=rows[limit - 1].id if len(rows) > limit else None)


def _literal(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def create(db: psycopg.Connection, new: NewUser, password_hash: str) -> User:
    """Raises psycopg.errors.UniqueViolation when the e-mail is taken."""
    row = db.execute(
        "INSERT INTO users (email, name, password_hash) VALUES (%s, %s, %s) RETURNING id",
        [new.email, new.name, password_hash],
    ).fetchone()
    return one(db, row[0])


def change(db: psycopg.Connection, user_id: int, wanted: UserChange) -> User | None:
    db.execute(
        "UPDATE users SET email = coalesce(%s, email), name = coalesce(%s, name), updated_at = now() WHERE id = %s",
        [wanted.email, wanted.name, user_id],
    )
    return one(db, user_id)


def delete(db: psycopg.Connection, user_id: int) -> str | None:
    """Deletes the person; returns the avatar file to remove once this is committed."""
    file = avatar(db, user_id)
    db.execute("DELETE FROM users WHERE id = %s", [user_id])
    return file


def avatar(db: psycopg.Connection, user_id: int) -> str | None:
    row = db.execute("SELECT file FROM avatars WHERE user_id = %s", [user_id]).fetchone()
    return None if row is None else row[0]


def set_avatar(db: psycopg.Connection, user_id: int, values: dict[str, Any] | None) -> str | None:
    """Sets (file, sha256, bytes) or removes the avatar; returns the file that was there before.

    The person's row is locked first, so of two uploads the later one sees the earlier one's file.
    """
    db.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", [user_id])
    before = avatar(db, user_id)
    if values is None:
        db.execute("DELETE FROM avatars WHERE user_id = %s", [user_id])
    else:
        db.execute(
            "INSERT INTO avatars (user_id, file, sha256, bytes) VALUES (%(user_id)s, %(file)s, %(sha256)s, %(bytes)s)"
            " ON CONFLICT (user_id) DO UPDATE SET file = excluded.file, sha256 = excluded.sha256,"
            " bytes = excluded.bytes, updated_at = now()",
            {"user_id": user_id, **values},
        )
    return before
