import pytest

from client import PASSWORD

SEEDED = 1000


@pytest.fixture
def api(running):
    return running[1]


@pytest.fixture
def me(api):
    return api.newcomer()


def test_a_person_is_created_read_changed_and_deleted(api, me):
    assert me.get("/api/me").json["name"] == "Nouvelle Personne"
    changed = me.call("PATCH", f"/api/users/{me.id}", {"name": "Autre Nom"}).json
    assert changed["name"] == "Autre Nom"
    assert changed["updated_at"] > changed["created_at"]
    other = api.newcomer()
    assert other.get(f"/api/users/{me.id}").json == changed
    assert me.call("DELETE", f"/api/users/{me.id}").status == 204
    assert other.get(f"/api/users/{me.id}").code == "no_such_user"
    assert me.get("/api/me").status == 401


def test_what_is_read_never_holds_a_password(api, me):
    for answer in (me.get("/api/me"), me.get("/api/users?limit=3"), me.get("/api/users/1")):
        assert b"scrypt" not in answer.data
        assert b"password" not in answer.data


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "name", "password"}),
        ({"email": "sans-arobase", "name": "x", "password": PASSWORD}, {"email"}),
        ({"email": "a b@c.fr", "name": "x", "password": PASSWORD}, {"email"}),
        ({"email": "a@" + "b" * 250 + ".fr", "name": "x", "password": PASSWORD}, {"email"}),
        ({"email": "a@b.fr", "name": "   ", "password": PASSWORD}, {"name"}),
        ({"email": "a@b.fr", "name": "x" * 201, "password": PASSWORD}, {"name"}),
        ({"email": "a@b.fr", "name": "nul\0", "password": PASSWORD}, {"name"}),
        ({"email": "a@b.fr", "name": "x", "password": "trop court"}, {"password"}),
        ({"email": "a@b.fr", "name": 7, "password": PASSWORD}, {"name"}),
        ({"email": "a@b.fr", "name": "x", "password": PASSWORD, "admin": True}, {"admin"}),
        (b'{"email": "a@b.fr", "name": "\\ud800", "password": "douze caracteres"}', {"name"}),
        (b"{", {""}),
        (b"[]", {""}),
    ],
)
def test_a_wrong_person_is_refused_field_by_field(api, body, fields):
    answer = api.post("/api/users", body)
    assert answer.status == 422
    assert set(answer.fields) == fields
    assert all(answer.fields.values())


def test_an_email_is_one_person_whatever_the_case(api, me):
    email = me.get("/api/me").json["email"]
    answer = api.post("/api/users", {"email": email.upper(), "name": "x", "password": PASSWORD})
    assert (answer.status, answer.code) == (409, "email_taken")
    other = api.newcomer()
    assert other.call("PATCH", f"/api/users/{other.id}", {"email": email}).code == "email_taken"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "Robert'); DROP TABLE users;--", "👩‍🚀", "a\\b", "%s"])
def test_a_name_comes_back_as_it_was_given(api, name):
    person = api.newcomer(name)
    assert person.get("/api/me").json["name"] == name


def test_pages_show_everybody_once_in_order_while_people_come_and_go(api, me):
    leaving, seen, after = api.newcomer(), [], 0
    while after is not None:
        page = me.get(f"/api/users?limit=97&after={after}").json
        seen += [user["id"] for user in page["users"]]
        after = page["next"]
        if len(seen) == 97:
            leaving.call("DELETE", f"/api/users/{leaving.id}")
            late = api.newcomer()
    assert seen == sorted(set(seen))
    assert set(range(1, SEEDED + 1)) < set(seen)
    assert late.id in seen
    assert leaving.id not in seen


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "after=-1", "after=9223372036854775808", "limit=x", "q=%00"])
def test_a_page_that_makes_no_sense_is_refused(me, query):
    assert me.get(f"/api/users?{query}").code == "invalid"


def test_search_finds_by_name_and_email_and_takes_wildcards_as_letters(api, me):
    api.newcomer("100 % coton_bio")
    names = lambda term: [user["name"] for user in me.get(f"/api/users?q={term}").json["users"]]  # noqa: E731
    assert names("0%20%25") == ["100 % coton_bio"]
    assert names("TON_B") == ["100 % coton_bio"]
    assert names("1%25coton") == names("100_%25") == names("%5C%25") == []
    assert names("n%C3%A9ant") == []
    assert names("00007@exemple") == [me.get("/api/users/7").json["name"]]


def test_people_change_only_themselves(api, me):
    for method, path, body in (("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("PUT", "/avatar", b"x")):
        answer = me.call(method, f"/api/users/1{path}", body)
        assert (answer.status, answer.code) == (403, "not_yours")


@pytest.mark.parametrize("path", ["/api/users", "/api/users/1", "/api/me", "/api/users/50/avatar"])
def test_nothing_is_read_without_signing_in(api, path):
    answer = api.get(path)
    assert (answer.status, answer.code) == (401, "signed_out")
    assert api.call("GET", path, token="forged").status == 401


def test_an_unknown_address_answers_in_the_same_shape(api):
    assert api.get("/api/nothing").json["error"]["message"] == "Adresse inconnue."
    assert api.call("DELETE", "/api/users").status == 405
