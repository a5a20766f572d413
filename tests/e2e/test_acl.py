"""The server under deploy/valkey/users.acl: each user can do its work and nothing else, and what a
right is missing for is named."""

import hashlib
import re
import subprocess
import time

import pytest
from lib.processes import BINARY, REPOSITORY, Server, Valkey, clean_environment, wait_until
from lib.resp import RespClient, RespError
from lib.wire import exchange, get, post

USERS_FILE = REPOSITORY / "deploy/valkey/users.acl"
# Beyond the commands within functions: the connection's own, and the queries' reads.
SERVERS_OWN = {"ping", "info", "wait", "select", "client|setname"}
SERVERS_OWN |= {"function|list", "fcall", "fcall_ro", "get", "set", "hgetall", "lrange"}


def password(user: str) -> str:
    return f"the-password-of-{user}"


def users_file(folder, change=lambda text: text):
    """The shipped file as a deployment fills it in."""
    lines = [line for line in USERS_FILE.read_text().splitlines() if not line.startswith("#")]
    text = re.sub(
        "%([a-z]+)%",
        lambda match: hashlib.sha256(password(match[1]).encode()).hexdigest(),
        "\n".join(lines) + "\n",
    )
    path = folder / "users.acl"
    path.write_text(change(text))
    return path


class AclValkey(Valkey):
    """Its default user is off, so that it answers PING with NOAUTH."""

    def _answers(self) -> bool:
        self.require_running()
        try:
            with RespClient(self.socket_path) as client:
                client("PING")
        except RespError as error:
            return str(error).startswith("NOAUTH")
        except OSError:
            return False
        raise AssertionError("a client without a password was let in")

    def client_as(self, user: str) -> RespClient:
        client = RespClient(self.socket_path)
        client("AUTH", user, password(user))
        return client


def start_valkey(folder, change=lambda text: text) -> AclValkey:
    return AclValkey(folder, "--aclfile", str(users_file(folder, change))).start()


def credentials(user: str) -> tuple[str, ...]:
    return ("--valkey-username", user, "--valkey-password", password(user))


def load(valkey: Valkey, user: str = "loader") -> subprocess.CompletedProcess:
    return subprocess.run(
        [BINARY, "load", "--valkey-url", valkey.url, *credentials(user)],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def valkey(module_folder):
    valkey = start_valkey(module_folder)
    done = load(valkey)
    assert done.returncode == 0 and "has the function library" in done.stdout, done
    yield valkey
    valkey.kill()


@pytest.fixture(scope="module")
def server(module_folder, valkey):
    server = Server(module_folder, valkey.url, *credentials("chaac")).start()
    yield server
    server.kill()


@pytest.fixture
def as_user(valkey):
    clients = []

    def connect(user: str) -> RespClient:
        clients.append(valkey.client_as(user))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


REPORT = {"municipality": "mixco", "temperature": 21, "humidity": 60, "weather": "sunny"}


def test_a_server_commits_undoes_and_reads(server, connection, as_user):
    assert connection.exchange(post({**REPORT, "id": "a"})).status == 200
    assert connection.exchange(post({**REPORT, "id": "a"})).status == 200  # Known.
    assert connection.exchange(post([{**REPORT, "temperature": 20.5}] * 1500)).status == 200
    assert connection.exchange(post({**REPORT, "municipality": "coban"})).status == 200

    breaker = as_user("chaac")
    breaker("DEL", "recent:coban")
    breaker("SET", "recent:coban", "no list")
    answer = connection.exchange(post([REPORT, {**REPORT, "municipality": "coban"}]))
    assert answer.json()["rejected"], "the other rows are committed, after an undo"
    breaker("DEL", "recent:coban")

    wait_until(
        lambda: get(server.port, "/stats").json()["total_processed"] == 1503, "the statistics"
    )
    assert get(server.port, "/ready").status == 200
    assert "NOPERM" not in server.log()


def test_the_server_was_refused_nothing_but_the_loading_of_functions(server, valkey, as_user):
    """ACL LOG needs an administrator, whom the file does not know: errors are counted instead."""
    stats = as_user("chaac")("INFO", "commandstats")
    refused = set(re.findall(r"cmdstat_([^:]+):.*rejected_calls=[1-9]", stats))
    # The server asks for appendfsync, and does without an answer.
    assert "function|load" in refused and refused <= {"function|load", "ping", "config|get"}


def granted(user: str) -> set[str]:
    line = next(x for x in USERS_FILE.read_text().splitlines() if x.startswith(f"user {user} "))
    return {word[1:] for word in line.split() if word.startswith("+")}


def test_the_server_may_do_what_its_functions_do_and_no_more():
    code = (REPOSITORY / "src/store/chaac.lua").read_text()
    within = {name.lower() for name in re.findall(r"redis\.p?call\('([A-Z]+)'", code)}
    assert granted("chaac") == within | SERVERS_OWN


@pytest.mark.parametrize(
    "user, command",
    [
        ("chaac", ["FLUSHALL"]),
        ("chaac", ["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]),
        ("chaac", ["FUNCTION", "LOAD", "REPLACE", "#!lua name=chaac_v1\n"]),
        ("chaac", ["FUNCTION", "DELETE", "chaac_v1"]),
        ("chaac", ["EVAL", "return 1", "0"]),
        ("chaac", ["KEYS", "*"]),
        ("chaac", ["ACL", "LIST"]),
        ("chaac", ["REPLICAOF", "NO", "ONE"]),
        ("chaac", ["SHUTDOWN"]),
        ("chaac", ["SET", "other", "1"]),
        ("chaac", ["GET", "other"]),
        ("loader", ["GET", "count:mixco"]),
        ("loader", ["FCALL", "chaac_lease_v1", "1", "chaac:ids", "1"]),
        ("loader", ["FUNCTION", "FLUSH"]),
        ("loader", ["FLUSHALL"]),
        ("reader", ["SET", "count:mixco", "1"]),
        ("reader", ["DEL", "count:mixco"]),
        ("reader", ["LPUSH", "tweets:mixco", "x"]),
        ("reader", ["FCALL", "chaac_lease_v1", "1", "chaac:ids", "1"]),
        ("reader", ["GET", "other"]),
        ("reader", ["KEYS", "*"]),
        ("reader", ["CONFIG", "GET", "*"]),
    ],
)
def test_what_is_not_a_users_work_is_refused(valkey, as_user, user, command):
    with pytest.raises(RespError, match="^NOPERM"):
        as_user(user)(*command)


def test_a_reader_reads_what_dashboards_show(server, connection, as_user):
    assert connection.exchange(post(REPORT)).status == 200
    reader = as_user("reader")
    assert int(reader("GET", "count:mixco")) >= 1
    assert int(reader("GET", "weather:mixco:sunny")) >= 1
    assert reader("LLEN", "tweets:mixco") >= 1
    assert reader("LRANGE", "tweets:mixco", "0", "9")
    assert reader("GET", "temp_sum:mixco")
    assert reader("HGETALL", "extremes:mixco")
    assert "mixco" in reader("SMEMBERS", "chaac:municipalities")
    hour = int(time.time()) // 3600
    assert reader("EXISTS", f"series:mixco:{hour}", f"series:mixco:{hour - 1}") >= 1


def test_no_user_has_a_password_by_default():
    for line in USERS_FILE.read_text().splitlines():
        if not line.startswith("user "):
            continue
        _, name, state, *rules = line.split()
        assert "nopass" not in rules and not [rule for rule in rules if rule.startswith(">")]
        assert state == "off" if name == "default" else f"#%{name}%" in rules


def without(user: str, right: str):
    """The users file with one right taken out."""

    def change(text: str) -> str:
        lines = text.splitlines()
        index = next(i for i, line in enumerate(lines) if line.startswith(f"user {user} "))
        assert f" {right}" in lines[index]
        lines[index] = lines[index].replace(f" {right} ", " ", 1)
        return "\n".join(lines) + "\n"

    return change


@pytest.mark.parametrize("right, flags", [("+info", ()), ("+wait", ("--ack", "replica"))])
def test_a_right_that_is_missing_ends_the_start_and_is_named(folder, right, flags):
    valkey = start_valkey(folder, without("chaac", right))
    try:
        assert load(valkey).returncode == 0
        server = Server(folder, valkey.url, *credentials("chaac"), *flags)
        server.launch()
        assert server.process.wait(30) == 1
        assert f"'{right[1:]}' command" in server.log() and "users.acl" in server.log()
    finally:
        valkey.kill()


def test_without_its_functions_a_server_waits_for_the_loader(folder):
    valkey = start_valkey(folder)
    server = Server(folder, valkey.url, *credentials("chaac"))
    try:
        assert load(valkey, "chaac").returncode == 1  # Itself it may not.
        server.launch()
        wait_until(lambda: "run 'chaac load'" in server.log(), "the log names the way out")
        assert not server.is_ready()
        assert load(valkey).returncode == 0
        server.wait_ready()
        with RespClient(valkey.socket_path) as client, pytest.raises(RespError, match="NOAUTH"):
            client("GET", "count:mixco")
    finally:
        server.kill()
        valkey.kill()


def test_a_right_missing_within_a_commit_is_named_to_the_client(folder):
    valkey = start_valkey(folder, without("chaac", "~weather:*"))
    server = Server(folder, valkey.url, *credentials("chaac"))
    try:
        assert load(valkey).returncode == 0
        server.start()
        answer = exchange(server.port, post(REPORT))
        assert answer.status == 503 and answer.problem == "outcome-unknown"
        assert "No permissions to access a key" in answer.detail
        assert "weather:mixco" not in answer.detail
        assert get(server.port, "/stats").json()["total_processed"] == 0
    finally:
        server.kill()
        valkey.kill()
