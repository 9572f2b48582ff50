import struct
import threading

import pytest
from users_api import png, seed_data

PICTURE = seed_data.picture(1)


@pytest.fixture
def me(running):
    return running[1].newcomer()


def files_of(running, person):
    return [path.name for path in running[0].avatars.iterdir() if path.name.startswith(f"{person.id}-")]


def test_a_picture_comes_back_byte_for_byte(running, me):
    assert me.get(f"/api/users/{me.id}/avatar").code == "no_avatar"
    assert me.call("PUT", f"/api/users/{me.id}/avatar", PICTURE).status == 204
    answer = me.get(f"/api/users/{me.id}/avatar")
    assert answer.data == PICTURE
    assert answer.headers["Content-Type"] == "image/png"
    assert me.get("/api/me").json["avatar"] is True


def test_the_picture_of_a_seeded_person_is_there(me):
    assert me.get("/api/users/50/avatar").data == seed_data.picture(50)


def test_a_new_picture_takes_the_place_of_the_old_and_leaves_no_file_behind(running, me):
    for number in (1, 2, 3):
        assert me.call("PUT", f"/api/users/{me.id}/avatar", seed_data.picture(number)).status == 204
    assert me.get(f"/api/users/{me.id}/avatar").data == seed_data.picture(3)
    assert len(files_of(running, me)) == 1
    assert me.call("DELETE", f"/api/users/{me.id}/avatar").status == 204
    assert files_of(running, me) == []


def test_who_leaves_takes_the_picture_along(running, me):
    me.call("PUT", f"/api/users/{me.id}/avatar", PICTURE)
    me.call("DELETE", f"/api/users/{me.id}")
    assert files_of(running, me) == []


def test_pictures_sent_at_once_end_as_one_whole_picture(running, me):
    pictures = [seed_data.picture(number) for number in range(8)]
    send = lambda data: me.call("PUT", f"/api/users/{me.id}/avatar", data)  # noqa: E731
    threads = [threading.Thread(target=send, args=[data]) for data in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert me.get(f"/api/users/{me.id}/avatar").data in pictures
    assert len(files_of(running, me)) == 1


HUGE = png.SIGNATURE + png._chunk(b"IHDR", struct.pack(">IIBBBBB", 5000, 64, 8, 3, 0, 0, 0)) + PICTURE[33:]


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 422, "n'est pas une image PNG"),
        (b"GIF89a" + PICTURE, 422, "n'est pas une image PNG"),
        (PICTURE[:-5], 422, "incomplète"),
        (PICTURE[:300], 422, "abîmée"),
        (PICTURE[:200] + bytes([PICTURE[200] ^ 1]) + PICTURE[201:], 422, "abîmée"),
        (PICTURE + b"<script>", 422, "incomplète"),
        (png.SIGNATURE, 422, "incomplète"),
        (HUGE, 422, "5000 x 64"),
        (PICTURE + bytes(256 * 1024), 413, "dépasse 256 Kio"),
    ],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(running, me, data, status, words):
    answer = me.call("PUT", f"/api/users/{me.id}/avatar", data)
    assert answer.status == status
    assert words in answer.json["error"]["message"]
    assert files_of(running, me) == []
    assert me.get("/api/me").json["avatar"] is False


def test_a_picture_that_the_volume_lost_is_said_to_be_lost(running, me):
    me.call("PUT", f"/api/users/{me.id}/avatar", PICTURE)
    (running[0].avatars / files_of(running, me)[0]).unlink()
    answer = me.get(f"/api/users/{me.id}/avatar")
    assert (answer.status, answer.code) == (500, "avatar_lost")
