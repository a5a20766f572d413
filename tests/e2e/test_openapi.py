"""api/openapi.yaml and the server agree, both ways: whatever the document promises can be provoked,
and whatever the server answers is in the document."""

import contextlib
import re
import time

import pytest
from lib.contract import Contract
from lib.processes import Server, Valkey, wait_until
from lib.sse import TARGET as STREAM
from lib.sse import Listener, first_answer, parse_event
from lib.wire import Answer, Connection, exchange, get, post, request

REPORT = {"municipality": "chinautla", "temperature": 25, "humidity": 60, "weather": "sunny"}
BROKEN = "coban"  # The municipality whose keys in the store are not Chaac's.
LISTENERS_MAX = 2


@pytest.fixture(scope="module")
def server_flags():
    return ("--receive-timeout-ms", "300", "--stream-listeners-max", str(LISTENERS_MAX))


@pytest.fixture(scope="module")
def contract(server):
    return Contract(get(server.port, "/openapi.json").json())


@pytest.fixture(scope="module")
def reports(server, valkey):
    """Some reports, and keys of other types."""
    assert (
        exchange(server.port, post([REPORT, {"municipality": "mixco", "humidity": 5}])).status
        == 200
    )
    with valkey.client() as store:
        hour = int(time.time()) // 3600
        for key in (
            "recent:coban",
            "count:coban",
            f"series:coban:{hour}",
            f"series:coban:{hour - 1}",
        ):
            store("DEL", key)
            store("SET", key, "x")
    wait_until(
        lambda: get(server.port, "/stats").json()["total_processed"] == 2, "the reports are shown"
    )


@pytest.fixture(scope="module")
def storeless(module_folder):
    """A server that has lost its store, and says so."""
    valkey = Valkey(module_folder / "lost").start()
    server = Server(
        module_folder / "storeless", valkey.url, "--store-reply-timeout-ms", "200",
        "--stream-listeners-max", str(LISTENERS_MAX),
    ).start()  # fmt: skip
    valkey.kill()
    wait_until(
        lambda: get(server.port, "/stats").status == 503, "the figures are too old to be shown"
    )
    yield server
    server.kill()


class Doors:
    """Sends a request for a path of the document to the port on which it is served."""

    def __init__(self, contract: Contract, server: Server):
        self.contract = contract
        self.server = server

    def port(self, target: str) -> int:
        is_admin = self.contract.is_admin(self.contract.path_of(target))
        return self.server.admin_port if is_admin else self.server.port

    def exchange(self, target: str, data: bytes) -> Answer:
        return exchange(self.port(target), data)

    def get(self, target: str, **headers: str) -> Answer:
        if target == STREAM:
            return first_answer(self.server.port)
        return self.exchange(target, request("GET", target, **headers))


@pytest.fixture
def doors(contract, server, reports):
    return Doors(contract, server)


def slow_post(doors: Doors) -> Answer:
    """A request that does not arrive in time."""
    with Connection(doors.server.port) as connection:
        connection.send(b"POST /api/weather HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n{")
        return connection.read()


def weather(data: bytes):
    return lambda doors: exchange(doors.server.port, data)


def reading(target: str, **headers: str):
    return lambda doors: doors.get(target, **headers)


def cached(target: str):
    return lambda doors: doors.get(target, if_none_match=doors.get(target).headers["etag"])


def page(**headers: str):
    """The document that a browser gets."""
    return lambda doors: doors.get("/", accept="text/html", **headers)


def cached_page(doors: Doors) -> Answer:
    return page(if_none_match=page()(doors).headers["etag"])(doors)


def target_of(path: str, server: Server) -> str:
    """A target that the path of the document stands for."""
    text = get(server.port, "/", accept="text/html").body.decode()
    file = re.search(r'"/assets/([^"]+\.css)"', text)[1]
    return path.replace("{m}", "mixco").replace("{file}", file)


def asset(provoke):
    """Does with a file of the page what `provoke` does with a target."""
    return lambda doors: provoke(target_of("/assets/{file}", doors.server))(doors)


def one_listener_too_many(doors: Doors) -> Answer:
    with contextlib.ExitStack() as stack:
        for _ in range(LISTENERS_MAX):
            stack.enter_context(Listener(doors.server.port)).read_head()
        return doors.exchange(STREAM, request("GET", STREAM))


def posting(target: str):
    return lambda doors: doors.exchange(target, request("POST", target, b""))


# A function that provokes the status; 503 is provoked at a server without store.
PROVOCATIONS = {
    "/api/weather": {
        200: weather(post(REPORT)),
        400: weather(post(b"{")),
        405: weather(request("GET", "/api/weather")),
        408: slow_post,
        413: weather(b"POST /api/weather HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\n\r\n"),
        414: weather(request("POST", "/api/weather?" + "x" * 5000)),
        415: weather(post(REPORT, content_type="text/plain")),
        417: weather(post(REPORT, expect="miracles")),
        422: weather(post(REPORT | {"temperature": 99})),
        431: weather(post(REPORT, x="y" * 20000)),
        500: weather(post(REPORT | {"municipality": BROKEN})),
        503: weather(post(REPORT)),
        505: weather(post(REPORT).replace(b"HTTP/1.1", b"HTTP/2.0")),
    },
    "/api/municipalities": {
        200: reading("/api/municipalities?all=true"),
        304: cached("/api/municipalities"),
        400: reading("/api/municipalities?all=%4"),
        422: reading("/api/municipalities?all=yes"),
        503: reading("/api/municipalities"),
    },
    "/api/municipalities/{m}": {
        200: reading("/api/municipalities/chinautla"),
        304: cached("/api/municipalities/Mixco"),
        400: reading("/api/municipalities/%ZZ"),
        404: reading("/api/municipalities/chinautle"),
        422: reading("/api/municipalities/chinautla?all=true"),
        503: reading("/api/municipalities/chinautla"),
    },
    "/api/municipalities/{m}/history": {
        200: reading("/api/municipalities/chinautla/history?step=3600"),
        304: cached("/api/municipalities/chinautla/history?to=2026-11-25T18:00:00Z"),
        400: reading("/api/municipalities/chinautla/history?step=60&step=60"),
        404: reading("/api/municipalities/chinautle/history"),
        422: reading("/api/municipalities/chinautla/history?step=90"),
        500: reading(f"/api/municipalities/{BROKEN}/history"),
        503: reading("/api/municipalities/chinautla/history"),
    },
    "/api/recent": {
        200: reading("/api/recent"),
        304: cached("/api/recent?municipality=mixco&limit=7"),
        400: reading("/api/recent?limit=%"),
        404: reading("/api/recent?municipality=chinautle"),
        422: reading("/api/recent?limit=1001"),
        500: reading(f"/api/recent?municipality={BROKEN}"),
        503: reading("/api/recent"),
    },
    "/api/export.csv": {
        200: reading("/api/export.csv"),
        304: cached("/api/export.csv?municipality=mixco"),
        400: reading("/api/export.csv?kind=recent&kind=recent"),
        404: reading("/api/export.csv?municipality=chinautle"),
        422: reading("/api/export.csv?kind=all"),
        500: reading(f"/api/export.csv?municipality={BROKEN}"),
        503: reading("/api/export.csv"),
    },
    "/stats": {200: reading("/stats"), 304: cached("/stats"), 503: reading("/stats")},
    "/averages": {200: reading("/averages"), 304: cached("/averages"), 503: reading("/averages")},
    "/health": {200: reading("/health")},
    "/ready": {200: reading("/ready?verbose"), 503: reading("/ready?verbose")},
    STREAM: {200: reading(STREAM), 503: one_listener_too_many},
    "/docs": {200: reading("/docs"), 304: cached("/docs")},
    "/favicon.svg": {200: reading("/favicon.svg"), 304: cached("/favicon.svg")},
    "/assets/{file}": {
        200: asset(reading),
        304: asset(cached),
        404: reading("/assets/none-00000000.js"),
    },
    "/": {200: page(), 304: cached_page},
    "/openapi.json": {200: reading("/openapi.json"), 304: cached("/openapi.json")},
    "/metrics": {200: reading("/metrics")},
    "/livez": {200: reading("/livez")},
    "/readyz": {200: reading("/readyz"), 503: reading("/readyz")},
}
for _path, _provocations in PROVOCATIONS.items():
    _provocations.setdefault(405, posting(_path))


@pytest.mark.parametrize("path", PROVOCATIONS)
def test_every_documented_status_is_served(doors, contract, storeless, path):
    """No more and no fewer: what is provoked here is what the document names."""
    method = "POST" if path == "/api/weather" else "GET"
    provoked = set()
    for status, provoke in PROVOCATIONS[path].items():
        answer = provoke(Doors(contract, storeless) if status == 503 else doors)
        assert answer.status == status, (path, answer)
        sent_as = method if status != 405 else "POST" if method == "GET" else "GET"
        provoked.add(contract.check(sent_as, path, answer))
        if status >= 400 and path != "/ready" and path != "/readyz":
            assert answer.problem and answer.detail
    assert provoked == contract.statuses(method, path)


def test_every_documented_path_is_provoked(contract):
    assert PROVOCATIONS.keys() == contract.document["paths"].keys()


def test_the_index_names_what_is_documented(contract, server):
    documented = {
        f"{method} {path}"
        for method, path in contract.operations
        if not contract.is_admin(path) and path != "/"
    }
    assert set(get(server.port, "/").json()["endpoints"]) == documented


@pytest.mark.parametrize("path", [path for path in PROVOCATIONS if path != "/api/weather"])
def test_head_is_answered_wherever_get_is(doors, contract, path):
    target = target_of(path, doors.server)
    full = doors.get(target)
    head = doors.exchange(target, request("HEAD", target))
    contract.check("HEAD", target, head)
    volatile = {"content-length", "etag"} if path in ("/metrics", "/stats", "/averages") else set()
    assert head.headers.keys() == full.headers.keys()
    for name in head.headers.keys() - {"date"} - volatile:
        assert head.headers[name] == full.headers[name], name


def test_what_is_not_documented_is_not_served(contract, server):
    """Near what is: with another end, a level more, a level less, in capitals."""
    for path in contract.document["paths"]:
        plain = target_of(path, server)
        for target in (plain + "/", plain + "/x", plain + "x", plain.upper(), "/x" + plain):
            with_parameter = re.fullmatch(r"/api/municipalities/[^/]+(/history)?", target)
            if target in contract.document["paths"] or with_parameter:
                continue
            for port in (server.port, server.admin_port):
                answer = get(port, target)
                assert (answer.status, answer.problem) == (404, "not-found"), target


def test_events_are_as_their_schemas_say(contract, server, storeless, reports):
    for port, kind, schema in (
        (server.port, "snapshot", "StreamSnapshot"),
        (storeless.port, "stale", "StreamStale"),
    ):
        event = parse_event(first_answer(port).body.decode())
        assert event.kind == kind
        contract.check_schema(["components", "schemas", schema], event.data)


def test_the_index_is_as_documented(contract, server):
    """The page is another answer of the same path."""
    assert contract.check("GET", "/", get(server.port, "/")) == 200


def examples_of(node, where=()):
    """Every media type of the document that has examples: where it stands, and what they are."""
    if isinstance(node, dict):
        if "schema" in node and ("example" in node or "examples" in node):
            values = [node["example"]] if "example" in node else []
            values += [named["value"] for named in node.get("examples", {}).values()]
            yield [*where, "schema"], values
        for name, child in node.items():
            yield from examples_of(child, (*where, str(name)))


def test_examples_are_as_their_schemas_say(contract):
    found = list(examples_of(contract.document))
    assert len(found) >= 10
    for where, values in found:
        for value in values:
            contract.check_schema(where, value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda a: setattr(a, "status", 201), "is not in the contract"),
        (lambda a: a.headers.pop("etag"), "ETag"),
        (lambda a: a.headers.update({"content-type": "text/html"}), "text/html"),
        (lambda a: setattr(a, "body", a.body.replace(b'"slug"', b'"snail"')), "snail"),
        (lambda a: setattr(a, "body", a.body.replace(b"T", b" ")), "date-time"),
    ],
)
def test_the_check_notices_what_is_not_documented(contract, server, reports, change, complaint):
    target = "/api/municipalities/chinautla"
    answer = get(server.port, target)
    contract.check("GET", target, answer)
    change(answer)
    with pytest.raises(AssertionError, match=complaint):
        contract.check("GET", target, answer)
