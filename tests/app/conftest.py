"""Runs inside the app's own backend image, beside a PostgreSQL of the app's own image: see containers.ts."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from client import Client

SECRETS = Path("/secrets")
PROGRAM = [sys.executable, "-m", "users_api"]


@dataclass
class Site:
    """A database, a volume and secrets of its own in the one server; roles are shared, as PostgreSQL's are."""

    database: str
    folder: Path

    @property
    def avatars(self) -> Path:
        return self.folder / "avatars"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def migrations(self) -> Path:
        return self.folder / "migrations"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DB_HOST": "127.0.0.1",
            "DB_NAME": self.database,
            "SECRETS_DIR": str(self.secrets),
            "AVATARS_DIR": str(self.avatars),
            "MIGRATIONS_DIR": str(self.migrations),
        }

    def start(self, *command: str) -> subprocess.Popen:
        return subprocess.Popen(
            [*PROGRAM, *command], env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *command: str) -> tuple[int, str]:
        """Exit status, and what it printed."""
        ran = self.start(*command)
        out, error = ran.communicate(timeout=60)
        return ran.returncode, (out + error).strip()

    def ok(self, *command: str) -> str:
        status, text = self.run(*command)
        assert status == 0, text
        return text

    def refused(self, *command: str) -> str:
        status, text = self.run(*command)
        assert status == 1, f"{command} ended with {status}: {text}"
        assert "Traceback" not in text
        return text

    def connect(self, role: str = "postgres", database: str | None = None) -> psycopg.Connection:
        password = (self.secrets / role / "password").read_text().strip()
        return psycopg.connect(
            host="127.0.0.1", dbname=database or self.database, user=role, password=password, autocommit=True
        )

    def sql(self, statement: str, *values: object, role: str = "postgres") -> list[tuple]:
        with self.connect(role) as db:
            cursor = db.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []


def make_site(name: str, folder: Path) -> Site:
    site = Site("test_" + re.sub(r"\W", "_", name), folder)
    site.avatars.mkdir()
    for role in ("postgres", "app_owner", "app"):
        (site.secrets / role).mkdir(parents=True)
        shutil.copy(SECRETS / role / "password", site.secrets / role / "password")
    shutil.copytree("/opt/app/migrations", site.migrations)
    return site


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    """Nothing in it yet."""
    return make_site(request.node.name[:50], tmp_path)


@pytest.fixture
def migrated(site: Site) -> Site:
    site.ok("migrate")
    return site


@pytest.fixture(scope="module")
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Migrated once for the tests of a file that change nothing."""
    site = make_site(f"{request.module.__name__}_tables", tmp_path_factory.mktemp("tables"))
    site.ok("migrate")
    return site


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A site with 1,000 people and 20 pictures, and its server: (site, client). Tests add their own people."""
    site = make_site(request.module.__name__, tmp_path_factory.mktemp("running"))
    site.ok("migrate")
    site.ok("seed", "--users", "1000", "--avatars", "20")
    server = subprocess.Popen([*PROGRAM, "serve"], env=site.environment)
    client = Client("http://127.0.0.1:8000")
    try:
        until(lambda: client.get("/api/live").status == 200)
        until(lambda: client.get("/api/health").status == 200)
        yield site, client
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 128 + signal.SIGTERM, "the server did not end properly when told to"
    finally:
        server.kill()


def until(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A line a phase for backend.contract.ts: a test has passed when set-up, call and teardown have."""
    line = {"test": report.nodeid, "outcome": report.outcome, "why": "" if report.passed else report.longreprtext}
    with open(os.environ["RESULTS"], "a") as file:
        file.write(json.dumps(line) + "\n")
