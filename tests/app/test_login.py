import hashlib
import threading

import pytest
from users_api import seed_data

from client import PASSWORD


@pytest.fixture
def api(running):
    return running[1]


@pytest.fixture
def site(running):
    return running[0]


def wrong(api, email):
    return api.post("/api/login", {"email": email, "password": "pas le bon mot"})


def email_of(person):
    return person.get("/api/me").json["email"]


def test_the_right_password_opens_whatever_the_case_of_the_email(api):
    person = api.newcomer()
    assert api.sign_in(email_of(person).upper()).id == person.id


def test_a_seeded_person_signs_in_with_the_password_of_the_seed(api):
    assert api.sign_in("ines.blanc.00003@exemple.test", seed_data.PASSWORD).id == 3


def test_a_wrong_password_and_an_unknown_email_look_the_same(api):
    known = wrong(api, "emile.andre.00002@exemple.test")
    unknown = wrong(api, "personne@exemple.test")
    assert known.status == unknown.status == 401
    assert known.data == unknown.data


def test_the_database_knows_a_token_only_by_its_hash(api, site):
    person = api.newcomer()
    rows = site.sql("SELECT token_sha256 FROM sessions WHERE user_id = %s", person.id)
    assert rows == [(hashlib.sha256(person.token.encode()).digest(),)]


def test_a_password_is_kept_as_a_salted_hash_of_its_own(api, site):
    one, other = api.newcomer(), api.newcomer()
    rows = site.sql("SELECT password_hash FROM users WHERE id = ANY(%s)", [one.id, other.id])
    assert len(set(rows)) == 2
    assert all(text.startswith("scrypt$16384$8$1$") for (text,) in rows)


def test_signing_out_ends_this_session_and_no_other(api):
    first = api.newcomer()
    second = api.sign_in(email_of(first))
    assert first.post("/api/logout").status == 204
    assert first.get("/api/me").status == 401
    assert second.get("/api/me").status == 200


def test_a_session_ends_with_its_time(api, site):
    person = api.newcomer()
    ago = "created_at = now() - interval '13 hours', expires_at = now() - interval '1 hour'"
    site.sql(f"UPDATE sessions SET {ago} WHERE user_id = %s", person.id)
    assert person.get("/api/me").status == 401
    api.newcomer()
    assert site.sql("SELECT count(*) FROM sessions WHERE user_id = %s", person.id) == [(0,)]


def test_the_sixth_wrong_try_is_refused_and_so_is_the_right_one_after_it(api):
    email = email_of(api.newcomer())
    assert [wrong(api, email).status for _ in range(6)] == [401] * 5 + [429]
    answer = api.post("/api/login", {"email": email, "password": PASSWORD})
    assert (answer.status, answer.headers["Retry-After"]) == (429, "300")
    api.newcomer()


def test_refused_tries_do_not_keep_the_door_shut(api, site):
    email = email_of(api.newcomer())
    for _ in range(8):
        wrong(api, email)
    site.sql("UPDATE login_events SET at = at - interval '5 minutes' WHERE email = %s AND outcome = 'failed'", email)
    assert api.sign_in(email).token


def test_tries_sent_all_at_once_are_counted_too(api):
    email, statuses = email_of(api.newcomer()), []
    threads = [threading.Thread(target=lambda: statuses.append(wrong(api, email).status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(401) <= 5
    assert statuses.count(401) + statuses.count(429) == 12


@pytest.mark.parametrize(
    "body", [{}, {"email": "a@b.fr"}, {"email": "nul\0@b.fr", "password": "x"}, {"email": 1, "password": 2}]
)
def test_credentials_that_are_none_are_invalid(api, body):
    assert api.post("/api/login", body).code == "invalid"
