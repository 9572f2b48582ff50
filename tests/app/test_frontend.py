"""nginx of the frontend's image stands on port 8443, with a certificate of an authority of the test's own."""

import re
import ssl
import urllib.error
import urllib.request

import pytest

ORIGIN = "https://localhost:8443"
AUTHORITY = "/tls/ca.crt"


def get(path, origin=ORIGIN):
    context = ssl.create_default_context(cafile=AUTHORITY)
    try:
        with urllib.request.urlopen(origin + path, context=context, timeout=30) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_the_page_its_scripts_and_its_style_come_over_tls_of_the_sites_own_authority():
    status, headers, page = get("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for name, kind in re.findall(r'(?:src|href)="([^"]+\.(js|css|svg))"', page):
        status, headers, _ = get(f"/{name}")
        assert status == 200, name
        assert {"js": "javascript", "css": "css", "svg": "svg"}[kind] in headers["Content-Type"]


def test_nobody_who_does_not_know_the_authority_is_served():
    with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
        urllib.request.urlopen(ORIGIN, context=ssl.create_default_context(), timeout=30)


def test_markup_in_a_name_cannot_run_scripts_allowed_from_the_site_alone_and_no_way_to_write_html():
    _, headers, page = get("/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page)
    for name in ("app.js", "api.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", get(f"/{name}")[2])


def test_without_a_backend_the_page_is_served_and_the_api_says_that_it_is_away():
    assert get("/")[0] == 200
    status, headers, body = get("/api/health")
    assert (status, headers["Content-Type"]) == (503, "application/json")
    assert '"code":"backend_away"' in body


def test_the_api_is_behind_the_same_address(running):
    status, _, body = get("/api/health")
    assert status == 200
    assert '"users":1000' in body


def test_a_picture_of_the_largest_size_passes_through(running):
    _, api = running
    person = api.newcomer()
    over_tls = ssl.create_default_context(cafile=AUTHORITY)
    request = urllib.request.Request(f"{ORIGIN}/api/users/{person.id}/avatar", method="PUT", data=bytes(256 * 1024))
    request.add_header("Authorization", f"Bearer {person.token}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=over_tls, timeout=30)
    # Refused by the backend for what it is, not by nginx for its length.
    assert "n'est pas une image PNG" in refused.value.read().decode()


@pytest.mark.parametrize("path", ["/../../../tls/tls.key", "/%2e%2e/%2e%2e/%2e%2e/tls/tls.key", "/.git/config"])
def test_nothing_but_the_page_is_served(path):
    assert get(path)[0] in (400, 404)
