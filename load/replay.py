#!/usr/bin/env python3
"""Replays the 2013 observations of three New York airports into a Chaac server at a steady pace.

One keep-alive connection, one report at a time. Every report carries its own Idempotency-Key and is
sent again with it until it is answered, so that it counts once whatever happens on the way.
Standard library only; single-threaded.
"""

import argparse
import enum
import http.client
import itertools
import json
import random
import signal
import sys
import time
import urllib.parse
import uuid

import answers
import observations

RATE_DEFAULT_PER_SECOND = 20.0
PROGRESS_INTERVAL_S = 10.0
RETRY_AFTER_DEFAULT_S = 1.0  # For a 503 or 429 that does not name its delay in seconds.
RETRY_AFTER_MAX_S = 30.0
BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 5.0
SENTENCES_MAX = 20  # Distinct complaints told; a server that refuses everything stays readable.
CATCH_UP_MAX_S = 1.0  # After an outage the pace goes on; what was missed is not sent in a burst.

ANSWERS_TO_RETRY = frozenset({429, 502, 503, 504})

DESCRIPTION = """\
Replays the hourly weather of three New York airports in 2013 (EWR as mixco, JFK as guatemala, LGA
as chinautla) into a Chaac server, until SIGTERM or Ctrl-C. A report that gets no answer, or 503 or
429, is sent again with the same Idempotency-Key, so that it counts once."""

EPILOG = """\
At the end it prints one JSON line on stdout: sent = accepted + failed + unresolved.
Exit status: 0, or 1 if a report failed or the observations are not installed.

examples:
  var/venv/bin/python load/replay.py                     20 reports a second, for ever
  var/venv/bin/python load/replay.py --rate 500 --once   the whole year in about a minute

This is not Guatemalan weather: run the server with --notice "demo: New York airports, 2013"."""


class Outcome(enum.Enum):
    ACCEPTED = "accepted"
    FAILED = "failed"  # Refused for good; sending it again would not help.
    UNRESOLVED = "unresolved"  # Not acknowledged by the time the replay was stopped.


class StopSignals:
    """SIGTERM and SIGINT, held back until the replay looks for them between two requests."""

    SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

    def __init__(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)
        self._received = False

    def wait(self, seconds):
        """Waits so long, or until a signal arrives. True once one has arrived."""
        if not self._received:
            self._received = signal.sigtimedwait(self.SIGNALS, max(seconds, 0)) is not None
        return self._received


class Progress:
    """Counts the outcomes and tells a person how it goes, on stderr."""

    def __init__(self):
        self.outcomes = dict.fromkeys(Outcome, 0)
        self.retries = 0
        self._told = set()
        self._told_at = time.monotonic()
        self._accepted_then = 0

    def tell_once(self, sentence):
        if sentence not in self._told and len(self._told) < SENTENCES_MAX:
            self._told.add(sentence)
            print(f"replay: {sentence}", file=sys.stderr, flush=True)

    def tick(self):
        elapsed_s = time.monotonic() - self._told_at
        if elapsed_s < PROGRESS_INTERVAL_S:
            return
        accepted = self.outcomes[Outcome.ACCEPTED]
        rate = (accepted - self._accepted_then) / elapsed_s
        print(
            f"replay: {accepted} accepted ({rate:.1f}/s), {self.outcomes[Outcome.FAILED]} failed,"
            f" {self.retries} retries",
            file=sys.stderr,
            flush=True,
        )
        self._told_at += elapsed_s
        self._accepted_then = accepted


class Sender:
    """Sends one report until it is answered. Owns the connection."""

    def __init__(self, url, stop, progress):
        parts = urllib.parse.urlsplit(url)
        connect = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = connect(parts.hostname, parts.port, timeout=answers.REPLY_TIMEOUT_S)
        self._path = parts.path.rstrip("/") + "/api/weather"
        self._url = url
        self._stop = stop
        self._progress = progress

    def send(self, report, key):
        body = json.dumps(report).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        backoff_s = BACKOFF_FIRST_S
        while True:
            try:
                self._connection.request("POST", self._path, body, headers)
                response = self._connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self._progress.tell_once(f"retrying: no answer from {self._url} ({error})")
                # Jitter, so that many replays do not return in step.
                delay_s = backoff_s * random.uniform(0.5, 1)
                backoff_s = min(2 * backoff_s, BACKOFF_MAX_S)
            else:
                if response.status not in ANSWERS_TO_RETRY:
                    return self._judge(response.status, answer)
                self._progress.tell_once(f"retrying: {answers.explain(response.status, answer)}")
                delay_s = retry_after_s(response.getheader("Retry-After"))
            if self._stop.wait(delay_s):
                return Outcome.UNRESOLVED
            self._progress.retries += 1
            self._progress.tick()

    def _judge(self, status, answer):
        if answers.accepts(status, answer):
            return Outcome.ACCEPTED
        self._progress.tell_once(f"failed: {answers.explain(status, answer)}")
        return Outcome.FAILED


def retry_after_s(header):
    """Between BACKOFF_FIRST_S, so as not to spin, and RETRY_AFTER_MAX_S."""
    try:
        return min(max(int(header), BACKOFF_FIRST_S), RETRY_AFTER_MAX_S)
    except (TypeError, ValueError):
        return RETRY_AFTER_DEFAULT_S


def replay(reports, sender, rate_per_second, stop, progress):
    """Sends the reports at the given pace until they end or a signal arrives."""
    run = uuid.uuid4().hex
    due = time.monotonic()
    for number, report in enumerate(reports):
        if stop.wait(due - time.monotonic()):
            return
        progress.outcomes[sender.send(report, f"replay-{run}-{number}")] += 1
        progress.tick()
        due = max(due + 1 / rate_per_second, time.monotonic() - CATCH_UP_MAX_S)


def parse_arguments():
    def base_url(text):
        try:
            parts = urllib.parse.urlsplit(text)
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # A port that is none.
            usable = False
        if not usable:
            raise argparse.ArgumentTypeError(f"{text!r} is not like http://127.0.0.1:8081")
        return text

    def above_zero(kind):
        def convert(text):
            try:
                value = kind(text)
            except ValueError:
                value = 0
            if not value > 0:  # NaN is not either.
                raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
            return value

        return convert

    parser = argparse.ArgumentParser(
        prog="load/replay.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument(
        "--url", type=base_url, default="http://127.0.0.1:8081", help="the server (%(default)s)"
    )
    parser.add_argument(
        "--rate",
        type=above_zero(float),
        default=RATE_DEFAULT_PER_SECOND,
        metavar="N",
        help="reports a second (%(default)g)",
    )
    ending = parser.add_mutually_exclusive_group()
    ending.add_argument(
        "--loop", action="store_true", default=True, help="begin again after the last (default)"
    )
    ending.add_argument(
        "--once", action="store_false", dest="loop", help="stop after the last report"
    )
    parser.add_argument("--limit", type=above_zero(int), metavar="N", help="stop after N reports")
    parser.add_argument(
        "--from-row",
        type=above_zero(int),
        default=1,
        metavar="N",
        help="begin with the Nth report in order of time (%(default)s)",
    )
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    stop = StopSignals()
    progress = Progress()
    try:
        table = observations.read_table(observations.find_table())
    except observations.NotInstalledError as error:
        print(f"replay: {error}", file=sys.stderr)
        return 1
    reports = [observation.report for observation in table.observations]
    endless = itertools.cycle(reports) if arguments.loop else reports
    first = arguments.from_row - 1
    last = None if arguments.limit is None else first + arguments.limit
    sender = Sender(arguments.url, stop, progress)
    replay(itertools.islice(endless, first, last), sender, arguments.rate, stop, progress)
    counts = {outcome.value: count for outcome, count in progress.outcomes.items()}
    print(
        json.dumps(
            {
                "sent": sum(counts.values()),
                **counts,
                "retries": progress.retries,
                "skipped": table.skipped,
            }
        )
    )
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
