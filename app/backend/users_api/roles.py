"""Roles, the database and its extension: what only the superuser can make. Safe to run again at any time."""

import base64
import hashlib
import hmac

import psycopg
from psycopg import sql

from .database import connect
from .settings import APP, OWNER, SUPERUSER, Settings

ATTRIBUTES = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")


def provision(db: psycopg.Connection, settings: Settings) -> list[str]:
    """Makes what is missing through db (superuser, autocommit, database postgres) and says what it made."""
    done = []
    for role in (OWNER, APP):
        done += _role(db, role, settings.password(role))
    done += _database(db, settings)
    with connect(settings, SUPERUSER, autocommit=True) as inside:
        inside.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    return done


def _role(db: psycopg.Connection, role: str, password: str) -> list[str]:
    name = sql.Identifier(role)
    row = db.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [role]).fetchone()
    done = []
    if row is None:
        db.execute(sql.SQL("CREATE ROLE {}").format(name))
        done.append(f"created role {role}")
    db.execute(sql.SQL("ALTER ROLE {} WITH {}").format(name, ATTRIBUTES))
    if row is None or not scram_matches(row[0], password):
        # Hashed here: a password in clear would reach the server's log with the statement.
        verifier = db.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        db.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(verifier)))
        done.append(f"set the password of role {role}")
    return done


def _database(db: psycopg.Connection, settings: Settings) -> list[str]:
    name = sql.Identifier(settings.database)
    done = []
    if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [settings.database]).fetchone() is None:
        db.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(OWNER)))
        done.append(f"created database {settings.database}")
    # PUBLIC may connect anywhere and make temporary tables by default.
    for database in (settings.database, "postgres", "template1"):
        db.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    db.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(APP)))
    return done


def scram_matches(stored: str | None, password: str) -> bool:
    """Whether a verifier of pg_authid (SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey, RFC 5803) is password's."""
    try:
        kind, rounds_salt, keys = (stored or "").split("$")
        rounds, salt = rounds_salt.split(":")
        expected = base64.b64decode(keys.split(":")[0])
    except ValueError:
        return False
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return kind == "SCRAM-SHA-256" and hmac.compare_digest(hashlib.sha256(client_key).digest(), expected)
