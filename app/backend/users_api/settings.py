"""Where the database, the secrets and the volume are: names and paths from the environment, secrets only from files."""

import os
from dataclasses import dataclass
from pathlib import Path

SUPERUSER = "postgres"
OWNER = "app_owner"
APP = "app"


class CannotStart(Exception):
    """What an operator has to put right; its text is all that is shown."""


@dataclass(frozen=True)
class Settings:
    host: str
    port: int
    database: str
    secrets: Path
    avatars: Path
    migrations: Path

    def password(self, role: str) -> str:
        """The role's password, read anew each time: a rotated Secret is used from the next connection on."""
        path = self.secrets / role / "password"
        try:
            text = path.read_text(encoding="utf-8").removesuffix("\n")
        except OSError as error:
            raise CannotStart(f"cannot read the password of role {role} at {path}: {error.strerror}") from error
        if not text:
            raise CannotStart(f"cannot use an empty password of role {role} at {path}")
        return text


def from_environment() -> Settings:
    port = os.environ.get("DB_PORT", "5432")
    if not port.isdecimal():
        raise CannotStart(f"cannot use DB_PORT={port!r}: expected a number")
    return Settings(
        host=os.environ.get("DB_HOST", "postgres"),
        port=int(port),
        database=os.environ.get("DB_NAME", "app"),
        secrets=Path(os.environ.get("SECRETS_DIR", "/secrets")),
        avatars=Path(os.environ.get("AVATARS_DIR", "/var/lib/avatars")),
        migrations=Path(os.environ.get("MIGRATIONS_DIR", "/opt/app/migrations")),
    )
