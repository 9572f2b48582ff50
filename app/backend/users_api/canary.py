"""Canaries: numbered, hash-chained signs of life. lib/drill/canary.ts reads them, and knows the same chain."""

import hashlib
import json
from datetime import UTC, datetime
from typing import NamedTuple

# What stands before the first canary's number.
START = "0" * 64


class Canary(NamedTuple):
    number: int
    # UTC with milliseconds, exactly as it was hashed: 2026-11-21T15:23:00.000Z.
    written: str
    # SHA-256 of the hash before it, the number in decimal, and `written`, one after the other.
    hash: str

    @property
    def text(self) -> str:
        return json.dumps(self._asdict())


def iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def following(last: Canary | None, at: datetime) -> Canary:
    """The canary after last; None: the first."""
    number = last.number + 1 if last else 1
    written = iso(at)
    before = last.hash if last else START
    return Canary(number, written, hashlib.sha256(f"{before}{number}{written}".encode()).hexdigest())
