import psycopg
import pytest


def test_a_second_migrate_finds_nothing_to_do_and_changes_no_password(migrated):
    before = migrated.sql("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1")
    assert migrated.ok("migrate") == "nothing to do"
    assert migrated.sql("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1") == before


def test_two_migrates_at_once_both_succeed_and_each_migration_runs_once(site):
    both = [site.start("migrate"), site.start("migrate")]
    texts = [one.communicate(timeout=60) for one in both]
    assert [one.returncode for one in both] == [0, 0], texts
    assert "".join(out for out, _ in texts).count("applied 0001_users.sql") == 1


def test_the_database_was_made_with_checksums_and_in_utf8(tables):
    assert tables.sql("SHOW data_checksums") == [("on",)]
    assert tables.sql("SHOW server_encoding") == [("UTF8",)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "DROP TABLE users",
        "TRUNCATE users",
        "ALTER TABLE users ADD COLUMN x int",
        "DELETE FROM login_events",
        "UPDATE schema_migrations SET version = '9999'",
        "INSERT INTO seed_mark (version) VALUES ('forged')",
        "UPDATE canary SET hash = repeat('0', 64)",
        "DELETE FROM canary",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_role_app_may_not(tables, statement):
    with tables.connect("app") as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute(statement)


def test_the_role_app_may_read_and_write_rows(migrated):
    with migrated.connect("app") as db:
        db.execute("INSERT INTO users (email, name, password_hash) VALUES ('a@b.c', 'A', 'scrypt$x')")
        db.execute("UPDATE users SET name = 'B'")
        assert db.execute("SELECT id, name FROM users").fetchall() == [(1, "B")]
        db.execute("DELETE FROM users")


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_the_role_app_cannot_enter_another_database(tables, database):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        tables.connect("app", database)


def test_neither_role_is_more_than_it_needs_to_be(tables):
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    rows = tables.sql(f"SELECT DISTINCT {rights} FROM pg_roles WHERE rolname IN ('app', 'app_owner')")
    assert rows == [(False,) * 5]
    assert tables.sql("SELECT tableowner FROM pg_tables WHERE schemaname = 'public' GROUP BY 1") == [("app_owner",)]


def test_a_grant_and_a_role_attribute_changed_by_hand_are_put_right(migrated):
    migrated.sql("REVOKE SELECT ON users FROM app")
    migrated.sql("ALTER ROLE app CREATEDB")
    migrated.ok("migrate")
    assert migrated.sql("SELECT count(*) FROM users", role="app") == [(0,)]
    assert migrated.sql("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'app'") == [(False,)]


def test_a_rotated_password_is_the_only_one_that_opens(migrated):
    file = migrated.secrets / "app" / "password"
    old = file.read_text()
    file.write_text("a-new-one\n")
    try:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            migrated.connect("app")
        assert migrated.ok("migrate") == "set the password of role app"
        migrated.connect("app").close()
    finally:
        file.write_text(old)
        migrated.ok("migrate")


def test_a_migration_that_fails_leaves_nothing_of_itself_and_the_next_run_goes_on(migrated):
    bad = migrated.migrations / "0005_bad.sql"
    bad.write_text("CREATE TABLE half (x int); SELECT 1/0;")
    assert "division by zero" in migrated.refused("migrate")
    assert migrated.sql("SELECT to_regclass('half')") == [(None,)]
    bad.write_text("CREATE TABLE half (x int);")
    assert migrated.ok("migrate") == "applied 0005_bad.sql"


def test_a_migration_changed_after_it_was_applied_is_refused_by_name(migrated):
    with open(migrated.migrations / "0002_sessions.sql", "a") as file:
        file.write("-- changed")
    assert "cannot migrate: 0002_sessions.sql was changed" in migrated.refused("migrate")


def test_a_database_newer_than_the_image_is_refused(migrated):
    (migrated.migrations / "0004_canary.sql").unlink()
    assert "newer than this image, which ends at 0003_seed_mark.sql" in migrated.refused("migrate")


def test_a_gap_in_the_numbers_is_refused(site):
    (site.migrations / "0002_sessions.sql").unlink()
    assert "cannot use migration 0003_seed_mark.sql: expected number 0002" in site.refused("migrate")


def test_a_secret_that_is_missing_or_empty_is_named(site):
    (site.secrets / "app_owner" / "password").write_text("\n")
    assert "empty password of role app_owner" in site.refused("migrate")
    (site.secrets / "app_owner" / "password").unlink()
    text = site.refused("migrate")
    assert f"cannot read the password of role app_owner at {site.secrets}/app_owner/password" in text


def test_a_wrong_superuser_password_is_said_and_not_shown(site):
    (site.secrets / "postgres" / "password").write_text("not-the-password")
    text = site.refused("migrate")
    assert "password authentication failed" in text
    assert "not-the-password" not in text
