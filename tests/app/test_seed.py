import hashlib

import pytest
from users_api import seed_data

SMALL = ["seed", "--users", "2000", "--avatars", "20"]
# Of the lab's own seed, 10,000 people and 200 pictures. It changes only when the seed is meant to change.
DIGEST = "55d5c1f61cff9c2ae44da0d90756545faa069a5ea8cb117d4e9152b2aed13cb9"

ROWS = """
SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM (SELECT * FROM users) t
UNION ALL SELECT md5(string_agg(t::text, E'\\n' ORDER BY user_id)) FROM avatars t
UNION ALL SELECT md5(string_agg(t::text, E'\\n' ORDER BY id)) FROM login_events t
"""


def everything(site):
    """One digest of all rows and all files."""
    digest = hashlib.sha256(repr(site.sql(ROWS)).encode())
    for path in sorted(site.avatars.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def test_the_seed_of_the_lab_is_the_same_bytes_every_time(migrated):
    text = migrated.ok("seed", "--users", "10000", "--avatars", "200")
    assert text == "seeded 10000 users and 200 avatars: 1-10000-200"
    assert migrated.sql("SELECT count(*) FROM users") == [(10000,)]
    assert len(list(migrated.avatars.iterdir())) == 200
    assert everything(migrated) == DIGEST


def test_every_index_is_sound_and_every_picture_has_its_row(migrated):
    migrated.ok(*SMALL)
    btrees = "SELECT c.oid FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND relkind = 'i'"
    checked = migrated.sql(f"SELECT count(bt_index_check(oid, true)::text) FROM ({btrees}) i")
    assert checked[0][0] > 10
    rows = dict(migrated.sql("SELECT file, sha256 FROM avatars"))
    assert rows == {path.name: hashlib.sha256(path.read_bytes()).digest() for path in migrated.avatars.iterdir()}


def test_a_second_seed_changes_nothing(migrated):
    migrated.ok(*SMALL)
    before = everything(migrated)
    assert migrated.ok(*SMALL) == "already seeded: 1-2000-20"
    assert everything(migrated) == before


def test_two_seeds_at_once_fill_the_table_once(migrated):
    both = [migrated.start(*SMALL), migrated.start(*SMALL)]
    texts = sorted(one.communicate(timeout=60)[0].strip() for one in both)
    assert texts == ["already seeded: 1-2000-20", "seeded 2000 users and 20 avatars: 1-2000-20"]
    assert migrated.sql("SELECT count(*) FROM users") == [(2000,)]


def test_the_next_person_gets_the_next_number(migrated):
    migrated.ok(*SMALL)
    insert = "INSERT INTO users (email, name, password_hash) VALUES ('a@b.c', 'A', 'scrypt$x') RETURNING id"
    assert migrated.sql(insert, role="app") == [(2001,)]


def test_names_that_break_careless_programs_come_back_as_they_are(migrated):
    migrated.ok("seed", "--users", "10000", "--avatars", "0")
    rows = migrated.sql("SELECT name FROM users WHERE id % 1000 = 0 ORDER BY id")
    assert tuple(name for (name,) in rows) == seed_data.HOSTILE


def test_another_seed_over_the_first_is_refused(migrated):
    migrated.ok(*SMALL)
    text = migrated.refused("seed", "--users", "10", "--avatars", "1")
    assert text == "cannot seed: the database was filled with seed 1-2000-20, not 1-10-1"


def test_people_that_no_seed_put_there_are_left_alone(migrated):
    migrated.sql("INSERT INTO users (email, name, password_hash) VALUES ('a@b.c', 'A', 'scrypt$x')")
    assert "has people in it that no seed put there" in migrated.refused(*SMALL)
    assert list(migrated.avatars.iterdir()) == []


def test_files_of_others_on_the_volume_are_left_alone(migrated):
    (migrated.avatars / "7-0123456789abcdef.png").write_bytes(b"somebody's")
    assert "holds 1 files of others, as 7-0123456789abcdef.png" in migrated.refused(*SMALL)
    assert migrated.sql("SELECT count(*) FROM users") == [(0,)]


def test_a_seed_that_was_killed_among_its_files_is_made_again(migrated):
    user_id, name, _ = next(seed_data.avatars(seed_data.Size(2000, 20)))
    (migrated.avatars / name).write_bytes(b"half of")
    (migrated.avatars / f".{name}").write_bytes(b"")
    migrated.ok(*SMALL)
    assert len(list(migrated.avatars.iterdir())) == 20
    assert (migrated.avatars / name).read_bytes() == seed_data.picture(user_id)


def test_an_empty_seed_is_a_seed(migrated):
    assert migrated.ok("seed", "--users", "0", "--avatars", "0") == "seeded 0 users and 0 avatars: 1-0-0"


@pytest.mark.parametrize(
    ("users", "avatars", "words"),
    [
        ("1", "2", "cannot seed 1 users with 2 avatars"),
        ("-1", "-1", "cannot seed -1 users with -1 avatars"),
        ("many", "0", "invalid int value"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(tables, users, avatars, words):
    status, text = tables.run("seed", "--users", users, "--avatars", avatars)
    assert status in (1, 2)
    assert words in text


def test_a_database_without_tables_says_what_to_run(migrated):
    migrated.sql("DROP TABLE seed_mark")
    assert migrated.refused(*SMALL).endswith("run migrate first")
