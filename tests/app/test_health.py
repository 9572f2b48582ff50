import pytest

from conftest import until


@pytest.fixture
def site(running):
    return running[0]


@pytest.fixture
def api(running):
    return running[1]


def test_health_tells_what_the_database_and_the_volume_hold(site, api):
    answer = api.get("/api/health")
    assert answer.status == 200
    assert answer.json == {
        "status": "ok",
        "database": {"migration": "0004", "users": 1000, "seed": "1-1000-20"},
        "avatars": {"files": 20},
    }
    (site.avatars / "1-0123456789abcdef.png").write_bytes(b"x")
    (site.avatars / ".unfinished.png").write_bytes(b"x")
    site.sql("DELETE FROM users WHERE id = 1000")
    assert api.get("/api/health").json["avatars"] == {"files": 21}
    assert api.get("/api/health").json["database"]["users"] == 999


def test_a_database_that_is_away_is_said_and_its_return_is_noticed(site, api):
    with site.connect("postgres", "postgres") as db:
        db.execute(f"ALTER DATABASE {site.database} ALLOW_CONNECTIONS false")
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [site.database])
        try:
            until(lambda: api.get("/api/health").status == 503)
            answer = api.get("/api/health").json
            assert (answer["status"], answer["database"]) == ("unavailable", None)
            assert "cannot read the database" in answer["reason"]
            assert "not currently accepting connections" in answer["reason"]
            assert api.post("/api/login", {"email": "a@b.fr", "password": "x"}).code == "database_away"
            assert api.get("/api/live").status == 200
        finally:
            db.execute(f"ALTER DATABASE {site.database} ALLOW_CONNECTIONS true")
    until(lambda: api.get("/api/health").status == 200, seconds=20)


def test_a_rotated_password_needs_no_restart(site, api):
    file = site.secrets / "app" / "password"
    old = file.read_text()
    try:
        file.write_text("rotated")
        site.ok("migrate")
        site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        until(lambda: api.get("/api/health").status == 200, seconds=20)
    finally:
        file.write_text(old)
        site.ok("migrate")


def test_a_database_behind_the_program_is_not_healthy(site, api):
    site.sql("UPDATE schema_migrations SET version = '0004x' WHERE version = '0004'")
    answer = api.get("/api/health")
    assert answer.status == 503
    assert answer.json["reason"] == "the database is at migration 0004x, this program needs 0004"
    site.sql("UPDATE schema_migrations SET version = '0004' WHERE version = '0004x'")


def test_a_volume_that_cannot_be_read_is_not_healthy(site, api):
    hidden = site.avatars.rename(site.folder / "elsewhere")
    answer = api.get("/api/health")
    assert (answer.status, answer.json["avatars"]) == (503, None)
    assert answer.json["reason"] == "cannot read the avatar volume: No such file or directory"
    assert answer.json["database"]["migration"] == "0004"
    hidden.rename(site.avatars)
    assert api.get("/api/health").status == 200
