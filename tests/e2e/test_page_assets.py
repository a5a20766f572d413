"""The page's files as browsers, proxies and curl get them. What the page does has
tests of its own."""

import contextlib
import gzip
import re
import socket

import pytest
from lib import metrics
from lib.processes import sanitized
from lib.wire import Connection, get, request

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_TYPES = {"js": "text/javascript", "css": "text/css", "woff2": "font/woff2"}


@pytest.fixture(scope="module")
def assets(server) -> list[str]:
    """All files that the page's documents name, and those that these name."""
    found: list[str] = []
    unread = ["/", "/docs"]
    while unread:
        text = get(server.port, unread.pop(), accept=BROWSER).body.decode("utf-8", "replace")
        for path in re.findall(r'"(/assets/[^"]+)"', text):
            if path not in found:
                found.append(path)
                unread.append(path)
    assert found
    return found


def policy_of(answer) -> dict[str, str]:
    directives = answer.headers["content-security-policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


def test_a_browser_gets_the_page_and_others_the_index(server):
    page = get(server.port, "/", accept=BROWSER)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.body.lower().startswith(b"<!doctype html>")
    for options in ({}, {"accept": "*/*"}, {"accept": "application/json"}):
        index = get(server.port, "/", **options)
        assert index.json()["service"] == "chaac"
        # A cache must not show one the other's.
        assert index.headers["vary"] == page.headers["vary"] == "Accept, Accept-Encoding"


def test_the_page_is_asked_for_anew_which_costs_nothing(server):
    for path in ("/", "/docs", "/favicon.svg"):
        first = get(server.port, path, accept=BROWSER)
        assert first.headers["cache-control"] == "no-cache"
        again = get(server.port, path, accept=BROWSER, if_none_match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


def test_assets_are_kept_for_ever(server, assets):
    for path in assets:
        answer = get(server.port, path)
        assert answer.status == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        kind = CONTENT_TYPES[path.rpartition(".")[2]]
        assert answer.headers["content-type"].partition(";")[0] == kind


def test_everything_is_compressed_for_those_who_accept_it(server, assets):
    for path in ("/", "/docs", *assets):
        plain = get(server.port, path, accept=BROWSER)
        assert "content-encoding" not in plain.headers
        assert "Accept-Encoding" in plain.headers["vary"]
        small = get(server.port, path, accept=BROWSER, accept_encoding="br;q=1.0, gzip;q=0.5")
        if small.headers.get("content-encoding") == "gzip":
            assert gzip.decompress(small.body) == plain.body
            assert len(small.body) < len(plain.body)
        else:
            assert small.body == plain.body
        for refusing in ("gzip;q=0", "identity", "br", "*, gzip;q=0.000"):
            answer = get(server.port, path, accept=BROWSER, accept_encoding=refusing)
            assert "content-encoding" not in answer.headers
            assert answer.body == plain.body


def test_documents_may_load_from_here_alone(server, assets):
    for path in ("/", "/docs", "/favicon.svg", assets[0]):
        answer = get(server.port, path, accept=BROWSER)
        assert policy_of(answer) == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    for path in ("/", "/docs"):
        text = get(server.port, path, accept=BROWSER).body.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)


def test_head_is_get_without_the_body(server, assets):
    with Connection(server.port) as connection:
        for path in ("/", "/docs", *assets):
            for coding in ("identity", "gzip"):
                lines = {"accept": BROWSER, "accept_encoding": coding}
                full = connection.exchange(request("GET", path, **lines))
                head = connection.exchange(request("HEAD", path, **lines))
                dates = full.headers.pop("date"), head.headers.pop("date")
                assert all(dates)
                assert head.headers == full.headers


def test_other_files_are_not_found_under_one_label(server):
    wrong = ["/assets/none-00000000.js", "/assets/../docs", "/assets/", "/assets/%2e%2e/docs"]
    for path in wrong:
        assert get(server.port, path).problem == "not-found"
    for path in ("/index.html", "/docs.html", "/favicon.ico", "/assets"):
        assert get(server.port, path, accept=BROWSER).problem == "not-found"
    page = metrics.parse(get(server.admin_port, "/metrics").body.decode())
    routes = {dict(labels)["route"] for _, labels in page["chaac_http_requests_total"].samples}
    assert {route for route in routes if route.startswith("/assets")} == {"/assets/{file}"}


def test_slow_readers_get_every_byte_and_cost_little(server, assets):
    """Two hundred readers of the largest file, of which the server holds no copy for each. The
    memory of a build with sanitizers says nothing."""
    bodies = {path: get(server.port, path).body for path in assets}
    largest = max(bodies, key=lambda path: len(bodies[path]))
    before_kib = server.memory_kib()
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(slow_reader(server.port)) for _ in range(200)]
        for reader in readers:
            reader.sendall(request("GET", largest) * 4)
        get(server.port, "/health")  # The server has read them.
        grown_kib = (server.memory_kib() - before_kib) / len(readers)
        assert sanitized() or grown_kib < len(bodies[largest]) / 1024 / 3
        for reader in readers[:20]:
            file = reader.makefile("rb")
            for _ in range(4):
                while file.readline() != b"\r\n":
                    pass
                assert file.read(len(bodies[largest])) == bodies[largest]


def slow_reader(port: int) -> socket.socket:
    reader = socket.socket()
    reader.settimeout(30)
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", port))
    return reader
