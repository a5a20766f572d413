"""What script/server runs: the store, the server and the replay, started in this order, watched,
and stopped in reverse. Single-threaded: one loop waits for signals, children and the clock.
"""

import argparse
import contextlib
import json
import math
import os
import re
import shlex
import socket
import time
import urllib.parse

import metrics
import ports
from children import Child, Stopped, StopSignals
from paths import LOG_DIR, REPO_ROOT, SERVER_BINARY, VENV_PYTHON, Problem, shown
from private_store import DATA_DIR, PrivateStore
from private_store import LOG as STORE_LOG
from screen import Screen

# The page shows it as it is, in either of its languages; a notice has at most 200 bytes.
NOTICE = (
    "Demo, not Guatemala's weather: Mixco, Guatemala and Chinautla are New York's airports Newark, "
    "JFK and LaGuardia in 2013. No es el tiempo de Guatemala, sino el de Nueva York en 2013."
)
SERVER_LOG = LOG_DIR / "chaac.log"
REPLAY_LOG = LOG_DIR / "replay.log"
REPLAY_SUMMARY = LOG_DIR / "replay-summary.json"

READY_TIMEOUT_S = 30.0
READY_POLL_INTERVAL_S = 0.1
FIRST_STATUS_AFTER_S = 1.0
LAST_SAMPLE_TIMEOUT_S = 4.0  # Two snapshots, a second apart; without a store there is none.
LAST_SAMPLE_INTERVAL_S = 0.1
SERVER_STOP_TIMEOUT_S = 30.0  # Above the server's own drain budget.
REPLAY_STOP_TIMEOUT_S = 15.0  # Above its limit for one reply.
STORE_STOP_TIMEOUT_S = 20.0  # To write what is left of its append-only file.
STORE_CONNECT_TIMEOUT_S = 3.0
STORE_PORT_DEFAULT = 6379

# They would name another store than the one chosen here; the others of CHAAC_VALKEY_…, a password
# or a certificate authority, are for a store that --valkey names.
STORE_URL_VARIABLES = ("VALKEY_URL", "CHAAC_VALKEY_URL", "REDIS_HOST", "REDIS_PORT")
REPORT_TO_TRY = {"municipality": "mixco", "temperature": 22.5, "humidity": 60, "weather": "sunny"}


class Demo:
    def __init__(
        self,
        options: argparse.Namespace,
        store: PrivateStore | None,
        screen: Screen,
        signals: StopSignals,
    ):
        """`store` is None where options.valkey names one that exists already."""
        self._options = options
        self._store = store
        self._screen = screen
        self._signals = signals
        self._server: Child | None = None
        self._replay: Child | None = None
        self._api = f"http://127.0.0.1:{options.port}"
        self._admin = f"http://127.0.0.1:{options.admin_port}"
        # A new server's counters are zero.
        self._first = self._last = metrics.Sample(time.monotonic())
        self._total = 0

    def run(self) -> None:
        """Until a signal, the end of --for, or a Problem, which it raises once all has ended."""
        try:
            with contextlib.suppress(Stopped):
                self._start()
                self._watch()
        finally:
            self._screen.progress("Stopping …")
            self._stop(self._replay, REPLAY_STOP_TIMEOUT_S)
            self._sample_to_the_last_report()
            self._stop(self._server, SERVER_STOP_TIMEOUT_S)
            if self._store:
                self._stop(self._store.child, STORE_STOP_TIMEOUT_S)
        self._say_summary()

    def _start(self) -> None:
        for log in (STORE_LOG, SERVER_LOG, REPLAY_LOG):
            with contextlib.suppress(FileNotFoundError):
                log.replace(f"{log}.1")
        if self._store:
            self._screen.progress("Starting the store …")
            self._store.start()
        else:
            check_store_answers(self._options.valkey)
        self._start_server()
        self._wait_until_ready()
        if not self._options.no_replay:
            self._start_replay()
        self._first = self._last = metrics.Sample(time.monotonic())
        self._say_where_things_are()

    def _start_server(self) -> None:
        options = self._options
        argv = [SERVER_BINARY, "serve", "--port", options.port, "--admin-port", options.admin_port]
        if not options.no_replay:
            argv += ["--notice", NOTICE]
        self._server = Child(
            "the server", argv, log=SERVER_LOG, cwd=REPO_ROOT, env=self._server_environment()
        )

    def _server_environment(self) -> dict[str, str]:
        # This machine alone is served, unless the caller's environment says otherwise.
        env = {"CHAAC_LISTEN_HOST": "127.0.0.1", "CHAAC_ADMIN_HOST": "127.0.0.1"} | os.environ
        for name in list(env):
            if name in STORE_URL_VARIABLES or (self._store and name.startswith("CHAAC_VALKEY_")):
                del env[name]
        # Not as a flag: other users of the machine could read its password.
        env["VALKEY_URL"] = self._store.url if self._store else self._options.valkey
        return env

    def _start_replay(self) -> None:
        argv = [VENV_PYTHON, "load/replay.py", "--url", self._api, "--rate", self._options.rate]
        self._replay = Child(
            "the replay", argv, log=REPLAY_LOG, stdout=REPLAY_SUMMARY, cwd=REPO_ROOT
        )

    def _wait_until_ready(self) -> None:
        self._screen.progress("Waiting for the server to be ready …")
        deadline = time.monotonic() + READY_TIMEOUT_S
        while True:
            if not self._server.running():
                raise self._server_did_not_start()
            if self._store:
                self._store.tend()
            try:
                metrics.fetch(f"{self._api}/ready")
                return
            except metrics.NoAnswer as error:
                if time.monotonic() > deadline:
                    raise Problem(
                        f"the server is not ready after {READY_TIMEOUT_S:.0f} s ({error}). Its last"
                        f" lines ({shown(SERVER_LOG)}):\n{self._server.last_words()}"
                    ) from None
            self._signals.sleep(READY_POLL_INTERVAL_S)

    def _server_did_not_start(self) -> Problem:
        # It may have been taken while the programs were built and the store was loading.
        options = self._options
        taken = ports.why_taken(options.port, "--port")
        taken = taken or ports.why_taken(options.admin_port, "--admin-port")
        hint = f"\n{taken[0].upper()}{taken[1:]}" if taken else ""
        return Problem(
            f"the server {self._server.how_it_ended()} before it was ready. Its last lines"
            f" ({shown(SERVER_LOG)}):\n{self._server.last_words()}{hint}"
        )

    def _watch(self) -> None:
        now = time.monotonic()
        end = now + (self._options.seconds or math.inf)
        next_status = now + FIRST_STATUS_AFTER_S
        while now < end and not self._screen.gone:
            self._check_server()
            self._check_replay()
            wake = min(end, next_status)
            if self._store:
                wake = min(wake, now + self._store.tend())
            if now >= next_status:
                self._say_status()
                next_status = now + self._screen.status_interval_s
            self._signals.sleep(wake - time.monotonic())
            now = time.monotonic()

    def _check_server(self) -> None:
        if not self._server.running():
            raise Problem(
                f"the server {self._server.how_it_ended()}. What it acknowledged is in the store:"
                f" run script/server again. Its last lines ({shown(SERVER_LOG)}):\n"
                f"{self._server.last_words()}"
            )

    def _check_replay(self) -> None:
        if self._replay and not self._replay.running():
            self._screen.say(
                f"The replay {self._replay.how_it_ended()}; the server goes on without it. Its last"
                f" lines ({shown(REPLAY_LOG)}):\n{self._replay.last_words()}"
            )
            self._replay = None

    def _sample(self) -> None:
        """Takes the counters as they are now; without an answer, those before stay."""
        with contextlib.suppress(metrics.NoAnswer):
            text = metrics.fetch(f"{self._admin}/metrics").decode()
            self._last = metrics.parse(text, time.monotonic())
            self._total = metrics.total_in_store(self._api)

    def _sample_to_the_last_report(self) -> None:
        """/stats shows a snapshot of the store, up to a second old. The second one from now on was
        begun after now, and so counts all that was acknowledged before."""
        now = time.time()
        deadline = time.monotonic() + LAST_SAMPLE_TIMEOUT_S
        snapshots = set()
        while self._server and self._server.running() and time.monotonic() < deadline:
            self._sample()
            if self._last.snapshot_at > now:
                snapshots.add(self._last.snapshot_at)
            if len(snapshots) == 2 or self._signals.wait(LAST_SAMPLE_INTERVAL_S):
                break

    def _say_status(self) -> None:
        before = self._last
        self._sample()
        if self._last is before:
            self._screen.status(f"No metrics from {self._admin}/metrics.")
            return
        interval = metrics.between(before, self._last)
        self._screen.status(
            f"{interval.reports_per_second:.1f} reports/s   total {self._total:,}"
            f"   p50 {interval.p50}   p99 {interval.p99}   errors {self._last.errors:,.0f}"
            f"   store {'up' if self._last.store_up else 'DOWN'}"
        )

    def _say_where_things_are(self) -> None:
        options = self._options
        store = self._store.describe() if self._store else without_password(options.valkey)
        source = (
            "three New York airports' of 2013, as if of mixco, guatemala and chinautla,"
            f" {options.rate:g} a second"
        )
        self._screen.say(f"""
Chaac is running. Ctrl-C stops it{f"; its data stays in {shown(DATA_DIR)}" if self._store else ""}.

  Page     {self._api}/         open it in a browser
  API      {self._api}/docs     /stats  /averages  /openapi.json
  Metrics  {self._admin}/metrics
  Store    {store}
  Reports  {"those you send" if options.no_replay else source}
  Logs     {shown(LOG_DIR)}

  Try:     curl -s {self._api}/api/weather -H 'Content-Type: application/json' \\
                -d {shlex.quote(json.dumps(REPORT_TO_TRY, separators=(",", ":")))}
""")

    def _stop(self, child: Child | None, patience_s: float) -> None:
        """Does nothing to a child that was not started or has ended."""
        if child and (complaint := child.stop(self._signals, patience_s)):
            self._screen.say(f"Note: {complaint}")

    def _say_summary(self) -> None:
        if not self._server:
            self._screen.say("Stopped before the server was started.")
            return
        whole = metrics.between(self._first, self._last)
        self._screen.say(
            f"Stopped after {self._last.at - self._first.at:.0f} s:"
            f" {self._last.accepted:,.0f} reports accepted ({whole.reports_per_second:.1f}/s),"
            f" p50 {whole.p50}, p99 {whole.p99}, {self._last.errors:,.0f} errors;"
            f" the store's total is {self._total:,}."
        )
        if self._replay:
            self._screen.say(f"The replay {replay_summary()}")
        if self._store:
            self._screen.say(
                f"The data is kept in {shown(DATA_DIR)}; script/server goes on from there."
            )


def replay_summary() -> str:
    try:
        return (
            "sent {sent:,}: {accepted:,} accepted, {failed:,} failed, {unresolved:,} unanswered;"
            " left out as incomplete: {skipped:,}."
        ).format(**json.loads(REPLAY_SUMMARY.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        return f"left no summary: see {shown(REPLAY_LOG)}."


def without_password(url: str) -> str:
    return re.sub(r"(//[^/@]*:)[^/@]*@", r"\1…@", url)


def check_store_answers(url: str) -> None:
    """Only that something listens there: what it is, and whether it lets us in, the server says."""
    parts = urllib.parse.urlsplit(url)
    try:
        if parts.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(urllib.parse.unquote(parts.path))
        else:
            address = (parts.hostname, parts.port or STORE_PORT_DEFAULT)
            socket.create_connection(address, STORE_CONNECT_TIMEOUT_S).close()
    except OSError as error:
        raise Problem(
            f"no store answers at {without_password(url)} ({error.strerror or error}): start it, or"
            " leave --valkey out and script/server starts one of its own."
        ) from None
