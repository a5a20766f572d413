"""Framing: what two readers could read differently is refused once, and the connection closes; what
follows it on the wire is never taken for a request. Each case is sent whole and byte by byte."""

import contextlib

import pytest
from lib.wire import Connection, exchange, post

REPORT = b'{"municipality":"mixco","temperature":25}'
# Would be stored if anything behind a refused message were read as a request.
SMUGGLED = post(REPORT)


def head(*lines: str | bytes, first: str | bytes = "POST /api/weather HTTP/1.1") -> bytes:
    """A request's head; Host is added unless a line brings one."""
    raw = [line if isinstance(line, bytes) else line.encode() for line in (first, *lines)]
    if not any(line.lower().startswith((b"host", b"-")) for line in raw[1:]):
        raw.insert(1, b"Host: t")
    raw = [line for line in raw if not line.startswith(b"-")]
    return b"\r\n".join(raw) + b"\r\n\r\n"


LENGTH = f"Content-Length: {len(REPORT)}"
CHUNKED = "Transfer-Encoding: chunked"
BODY_IN_CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(REPORT), REPORT)


def chunks(data: bytes) -> bytes:
    return head(CHUNKED) + data


HEADS = {
    "length and chunked": head(LENGTH, CHUNKED) + BODY_IN_CHUNKS,
    "chunked and length": head(CHUNKED, LENGTH) + REPORT,
    "length twice, different": head(LENGTH, "Content-Length: 5") + REPORT,
    "length twice, equal": head(LENGTH, LENGTH) + REPORT,
    "length as a list": head(f"Content-Length: {len(REPORT)}, {len(REPORT)}") + REPORT,
    "length with plus": head(f"Content-Length: +{len(REPORT)}") + REPORT,
    "negative length": head("Content-Length: -1") + REPORT,
    "hexadecimal length": head("Content-Length: 0x29") + REPORT,
    "empty length": head("Content-Length:") + REPORT,
    "length with a space inside": head("Content-Length: 4 1") + REPORT,
    "length with a fraction": head("Content-Length: 41.0") + REPORT,
    "xchunked": head("Transfer-Encoding: xchunked") + BODY_IN_CHUNKS,
    "chunked, identity": head("Transfer-Encoding: chunked, identity") + BODY_IN_CHUNKS,
    "identity": head("Transfer-Encoding: identity", LENGTH) + REPORT,
    "gzip, chunked": head("Transfer-Encoding: gzip, chunked") + BODY_IN_CHUNKS,
    "chunked twice": head(CHUNKED, CHUNKED) + BODY_IN_CHUNKS,
    "chunked in quotes": head('Transfer-Encoding: "chunked"') + BODY_IN_CHUNKS,
    "empty encoding": head("Transfer-Encoding:") + BODY_IN_CHUNKS,
    "vertical tab before chunked": head("Transfer-Encoding: \x0bchunked") + BODY_IN_CHUNKS,
    "chunked on HTTP/1.0": head(CHUNKED, first="POST /api/weather HTTP/1.0") + BODY_IN_CHUNKS,
    "space before the colon": head(LENGTH, "Host : t") + REPORT,
    "length with a space before the colon": head(f"Content-Length : {len(REPORT)}") + REPORT,
    "folded line": head(LENGTH, "X-A: b\r\n c") + REPORT,
    "folded first line": head(" X-A: b", LENGTH) + REPORT,
    "no host": head("-", LENGTH) + REPORT,
    "host twice": head("Host: t", "Host: t", LENGTH) + REPORT,
    "bare LF": head(LENGTH).replace(b"\r\n", b"\n") + REPORT,
    "bare LF within the head": head(LENGTH, "X-A: b\nX-B: c") + REPORT,
    "bare LF at the end": head(LENGTH)[:-2] + b"\n" + REPORT,
    "bare CR": head(LENGTH, "X-A: b\rX-B: c") + REPORT,
    "NUL in a value": head(LENGTH, "X-A: b\0c") + REPORT,
    "NUL in a name": head(LENGTH, "X\0A: b") + REPORT,
    "NUL in the target": head(LENGTH, first="POST /api/\0weather HTTP/1.1") + REPORT,
    "NUL in the method": head(LENGTH, first="PO\0ST /api/weather HTTP/1.1") + REPORT,
    "high byte in the target": head(LENGTH, first=b"POST /api/weather\xe9 HTTP/1.1") + REPORT,
    "control byte in a value": head(LENGTH, "X-A: \x01") + REPORT,
    "DEL in a value": head(LENGTH, "X-A: \x7f") + REPORT,
    "space in a name": head(LENGTH, "X A: b") + REPORT,
    "no name": head(LENGTH, ": b") + REPORT,
    "no colon": head(LENGTH, "X-A") + REPORT,
    "two spaces behind the method": head(LENGTH, first="POST  /api/weather HTTP/1.1") + REPORT,
    "tab behind the method": head(LENGTH, first="POST\t/api/weather HTTP/1.1") + REPORT,
    "space behind the version": head(LENGTH, first="POST /api/weather HTTP/1.1 ") + REPORT,
    "no version": head(LENGTH, first="POST /api/weather") + REPORT,
    "lower-case version": head(LENGTH, first="POST /api/weather http/1.1") + REPORT,
    "a fragment of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60),
    "CONNECT": head(first="CONNECT chaac.test:80 HTTP/1.1"),
    "upgrade": head("Connection: upgrade", "Upgrade: websocket", first="GET /stats HTTP/1.1"),
    "two empty lines first": b"\r\n\r\n" + head(LENGTH) + REPORT,
}

CHUNKS = {
    "no hexadecimal digit": chunks(b"g\r\n" + REPORT),
    "no digit": chunks(b"\r\n" + REPORT),
    "negative": chunks(b"-1\r\n" + REPORT),
    "plus": chunks(b"+29\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "0x": chunks(b"0x29\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "space before": chunks(b" 29\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "space inside": chunks(b"2 9\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "17 digits": chunks(b"10000000000000029\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "bare LF behind the size": chunks(b"29\n" + REPORT + b"\r\n0\r\n\r\n"),
    "bare CR behind the size": chunks(b"29\rX" + REPORT + b"\r\n0\r\n\r\n"),
    "bare LF behind the data": chunks(b"29\r\n" + REPORT + b"\n0\r\n\r\n"),
    "data longer than its size": chunks(b"28\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "bare LF at the end": chunks(b"29\r\n" + REPORT + b"\r\n0\r\n\n"),
    "NUL behind the size": chunks(b"29\0\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "NUL in an extension": chunks(b"29;a=\0\r\n" + REPORT + b"\r\n0\r\n\r\n"),
    "a trailer without a colon": chunks(b"29\r\n" + REPORT + b"\r\n0\r\nX\r\n\r\n"),
}

# Refused with a status of its own.
OTHERS = {
    "HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/1.2": (505, head(LENGTH, first="POST /api/weather HTTP/1.2") + REPORT),
    "HTTP/0.9": (505, head(LENGTH, first="POST /api/weather HTTP/0.9") + REPORT),
    "a length above all": (413, head("Content-Length: 99999999999999999999") + REPORT),
    "a length above int64": (413, head("Content-Length: 9223372036854775808") + REPORT),
    "a chunk above all": (413, chunks(b"ffffffffffffffff\r\n" + REPORT)),
    "another expectation": (417, head(LENGTH, "Expect: a miracle") + REPORT),
}

CASES = [
    *(pytest.param({400}, data, id=f"head: {name}") for name, data in HEADS.items()),
    *(pytest.param({400}, data, id=f"chunk: {name}") for name, data in CHUNKS.items()),
    *(pytest.param({status, 400}, data, id=name) for name, (status, data) in OTHERS.items()),
]


def refused_once(connection: Connection, statuses: set[int]):
    answer = connection.read()
    assert answer.status in statuses, answer
    assert answer.problem
    assert answer.headers["connection"] == "close"
    assert connection.closed_by_server()  # Nothing follows: neither a second answer nor a report's.


@pytest.fixture(scope="module", autouse=True)
def one_good_report(server):
    """So that "nothing changed" is said of keys that exist."""
    assert exchange(server.port, post(REPORT)).status == 200


@pytest.mark.parametrize(("statuses", "data"), CASES)
def test_is_refused_whole(server, nothing_stored, statuses, data):
    with nothing_stored(), Connection(server.port) as connection:
        connection.send(data + SMUGGLED)
        refused_once(connection, statuses)


@pytest.mark.parametrize(("statuses", "data"), CASES)
def test_is_refused_bytewise(server, nothing_stored, statuses, data):
    with nothing_stored(), Connection(server.port) as connection:
        # The server may close before all is sent; its answer is still to be read.
        with contextlib.suppress(OSError):
            connection.send_bytewise(data + SMUGGLED)
        refused_once(connection, statuses)


@pytest.mark.parametrize(("statuses", "data"), CASES)
def test_is_refused_behind_a_good_request(server, store, statuses, data):
    before = int(store("GET", "count:mixco"))
    with Connection(server.port) as connection:
        connection.send(post(REPORT) + data + SMUGGLED)
        assert connection.read().status == 200
        refused_once(connection, statuses)
    assert int(store("GET", "count:mixco")) == before + 1


GOOD = {
    "length": head(LENGTH) + REPORT,
    "one empty line first": b"\r\n" + head(LENGTH) + REPORT,
    "chunked": chunks(BODY_IN_CHUNKS),
    "chunked in capitals": head("Transfer-Encoding: Chunked") + BODY_IN_CHUNKS,
    "leading zeros": chunks(b"00029\r\n" + REPORT + b"\r\n000\r\n\r\n"),
    "capital digits": chunks(b"1A\r\n%s\r\nF\r\n%s\r\n0\r\n\r\n" % (REPORT[:26], REPORT[26:])),
    "a byte a chunk": chunks(b"".join(b"1\r\n%c\r\n" % byte for byte in REPORT) + b"0\r\n\r\n"),
    "an extension": chunks(b"29;name=value\r\n" + REPORT + b"\r\n0;last\r\n\r\n"),
    "a trailer": chunks(b"29\r\n" + REPORT + b"\r\n0\r\nX-Checksum: 1\r\n\r\n"),
    "a trailer that frames nothing": chunks(
        b"29\r\n" + REPORT + b"\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\n\r\n"
    ),
    "no space behind the colon": head(f"Content-Length:{len(REPORT)}") + REPORT,
    "tabs around a value": head(f"Content-Length:\t{len(REPORT)}\t") + REPORT,
    "leading zeros of the length": head(f"Content-Length: 00{len(REPORT)}") + REPORT,
    "the absolute form": head(LENGTH, first="POST http://t/api/weather HTTP/1.1") + REPORT,
    "a query": head(LENGTH, first="POST /api/weather?a=b HTTP/1.1") + REPORT,
    "high bytes in a value": head(LENGTH, b"X-A: \xe9\xff") + REPORT,
    "an empty value": head(LENGTH, "X-A:") + REPORT,
}


@pytest.mark.parametrize("name", GOOD)
def test_is_accepted_whole_and_bytewise(server, store, name):
    before = int(store("GET", "count:mixco"))
    with Connection(server.port) as connection:
        assert connection.exchange(GOOD[name]).status == 200
        connection.send_bytewise(GOOD[name])
        assert connection.read().status == 200
        assert connection.exchange(GOOD[name] + GOOD[name]).status == 200
        assert connection.read().status == 200
    assert int(store("GET", "count:mixco")) == before + 4


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n"])
def test_an_empty_chunked_body_bytewise(server, nothing_stored, end):
    with nothing_stored(), Connection(server.port) as connection:
        connection.send_bytewise(chunks(end))
        answer = connection.read()
        assert (answer.status, answer.problem) == (400, "malformed-json")
        assert connection.exchange(GOOD["length"].replace(b"mixco", b"mixc0")).status == 422


def test_http_1_0_closes_unless_asked(server):
    with Connection(server.port) as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert connection.read().status == 200
        assert connection.closed_by_server()
    with Connection(server.port) as connection:
        for _ in range(2):
            connection.send(b"GET /health HTTP/1.0\r\nHost: t\r\nConnection: keep-alive\r\n\r\n")
            answer = connection.read()
            assert (answer.status, answer.headers["connection"].lower()) == (200, "keep-alive")
