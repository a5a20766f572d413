"""script/server: parses its options, installs and builds what is missing, then runs the demo."""

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import urllib.parse

import ports
from children import StopSignals
from demo import Demo
from paths import LOG_DIR, REPO_ROOT, SERVER_BINARY, VAR_DIR, Problem, shown
from private_store import PrivateStore, take_lock
from screen import Screen

TCP_SCHEMES = ("valkey", "valkeys", "redis", "rediss")
SECONDS_PER_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600}
RATE_MAX_PER_SECOND = 10_000  # The replay sends one report at a time; more than it can do.


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port: 1 to 65535.')
    return int(text)


def rate(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) <= RATE_MAX_PER_SECOND:
            return value
    raise argparse.ArgumentTypeError(
        f'"{text}" is not a rate: above 0, up to {RATE_MAX_PER_SECOND} reports a second.'
    )


def duration(text: str) -> int:
    match = re.fullmatch(r"([1-9]\d{0,6})([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is not a duration such as 30s, 2m or 1h.')
    return int(match[1]) * SECONDS_PER_UNIT[match[2]]


def store_url(text: str) -> str:
    with contextlib.suppress(ValueError):  # A port that is none.
        parts = urllib.parse.urlsplit(text)
        if parts.scheme == "unix" and parts.path:
            return text
        if parts.scheme in TCP_SCHEMES and parts.hostname and parts.port != 0:
            return text
    raise argparse.ArgumentTypeError(
        "the URL must be valkey://HOST:PORT, valkeys://HOST:PORT or unix:///PATH."
    )


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/server", add_help=False, allow_abbrev=False)
    parser.add_argument("--port", type=port_number, default=8081)
    parser.add_argument("--admin-port", type=port_number, default=9081)
    replay = parser.add_mutually_exclusive_group()
    replay.add_argument("--no-replay", action="store_true")
    replay.add_argument("--rate", type=rate, default=20.0)
    parser.add_argument("--for", type=duration, dest="seconds", metavar="DURATION")
    store = parser.add_mutually_exclusive_group()
    store.add_argument("--valkey", type=store_url, metavar="URL")
    store.add_argument("--fresh", action="store_true")
    options = parser.parse_args()
    if options.port == options.admin_port:
        parser.error("--port and --admin-port must differ.")
    return options


def check_port(port: int, flag: str) -> None:
    if taken := ports.why_taken(port, flag):
        raise Problem(taken)


def prepare() -> None:
    """Installs and builds what is missing; SystemExit if a step fails, which has said why."""
    # Ctrl-C reaches the steps themselves; this process waits for their end, and ends with it.
    handler = signal.signal(signal.SIGINT, lambda *_: None)
    for step in (["script/bootstrap", "--for", "server"], ["script/build", "release"]):
        if status := subprocess.run(step, cwd=REPO_ROOT, check=False).returncode:
            raise SystemExit(status if status > 0 else 128 - status)
    signal.signal(signal.SIGINT, handler)
    if not SERVER_BINARY.exists():
        raise Problem(
            f"the build made no {shown(SERVER_BINARY)}: see {shown(LOG_DIR)}/build-release.log."
        )


def main() -> int:
    options = parse_options()
    try:
        # What can be refused is refused before anything is installed or built.
        LOG_DIR.mkdir(parents=True, exist_ok=True)
        lock = None if options.valkey else take_lock()
        check_port(options.port, "--port")
        check_port(options.admin_port, "--admin-port")
        prepare()
        screen, signals = Screen(), StopSignals()
        store = None if options.valkey else PrivateStore(lock, screen, signals)
        if options.fresh:
            store.move_old_data_away()
        Demo(options, store, screen, signals).run()
    except Problem as problem:
        print(f"script/server: {problem}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(
            f"script/server: {error.filename} cannot be written: an earlier run as another user may"
            f' own it; sudo chown -R "$USER" {VAR_DIR}.',
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
