"""A stand-in for the server, for clients under test: it counts reports and misbehaves on demand.

One thread a connection; `lock` guards everything that requests share.
"""

import http.server
import json
import threading
from collections import Counter
from contextlib import contextmanager
from enum import Enum, auto


class Act(Enum):
    ACCEPT = auto()
    BUSY = auto()  # 503, not stored.
    REFUSE = auto()  # 422.
    NO_ID = auto()  # 200 without an id, not stored.
    LOSE = auto()  # Acknowledged, but not stored.
    MUTE = auto()  # Stored, but the connection closes without an answer.
    GARBLE = auto()  # Stored, but the answer is not HTTP.


BUSY = {"type": "urn:chaac:problem:not-committed", "detail": "The store is away."}
REFUSED = {"type": "urn:chaac:problem:out-of-range", "detail": "temperature 99 is not in -90..60."}


class StandIn(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, plan):
        """`plan`: what to do with the Nth report request, from 1; ACCEPT where it says nothing."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan = plan
        self.lock = threading.Lock()
        self.requests = []  # (idempotency key, report as sent), in order of arrival.
        self.ids = {}  # Idempotency key -> id.
        self.municipalities = Counter()
        self.weathers = Counter()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def stats(self):
        with self.lock:
            return {
                "total_processed": self.municipalities.total(),
                "counts_by_municipality": dict(self.municipalities),
                "counts_by_weather": dict(self.weathers),
            }

    def arrive(self, key, report):
        with self.lock:
            self.requests.append((key, report))
            act = self.plan.get(len(self.requests), Act.ACCEPT)
            if act in (Act.ACCEPT, Act.MUTE, Act.GARBLE) and (key is None or key not in self.ids):
                self.ids[key] = f"tweet-{len(self.requests)}"
                self.municipalities[report["municipality"]] += 1
                self.weathers.update([report["weather"]] if "weather" in report else [])
            return act, self.ids.get(key, "tweet-0")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # One segment an answer, or every answer waits for a delayed acknowledgement.

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(200, self.server.stats())

    def do_POST(self):
        report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        act, tweet_id = self.server.arrive(self.headers["Idempotency-Key"], report)
        match act:
            case Act.MUTE:
                self.close_connection = True
            case Act.GARBLE:
                self.wfile.write(b"nonsense\r\n")
            case Act.BUSY:
                self.answer(503, BUSY, {"Retry-After": "0"})
            case Act.REFUSE:
                self.answer(422, REFUSED)
            case Act.NO_ID:
                self.answer(200, {"status": "success"})
            case Act.ACCEPT | Act.LOSE:
                self.answer(200, {"status": "success", "message": "stored", "id": tweet_id})

    def answer(self, status, body, headers=None):
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(content), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def stand_in(plan=None):
    with StandIn(plan or {}) as server:
        threading.Thread(target=server.serve_forever, name="stand-in", daemon=True).start()
        yield server
        server.shutdown()
