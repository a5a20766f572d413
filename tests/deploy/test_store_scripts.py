"""The scripts that start the store in its containers, run with real Valkeys and Sentinels."""

import signal
import subprocess
from pathlib import Path

import pytest
from lib.processes import Server, wait_until
from lib.resp import RespClient, RespError
from lib.threads import Repeating
from lib.wire import exchange, post

from deploy.store import (
    SCRIPTS,
    USERS,
    Node,
    Replicated,
    load_functions,
    tls_settings,
    write_passwords,
)


@pytest.fixture
def single(folder):
    write_passwords(folder / "passwords")
    node = Node("valkey-0", folder, "start.sh", {})
    yield node
    node.kill()


@pytest.fixture(scope="module")
def replicated(module_folder):
    store = Replicated(module_folder)
    yield store.start()
    store.kill()


def test_the_scripts_are_clean():
    scripts = sorted(SCRIPTS.glob("*.sh"))
    command = [
        "shellcheck",
        "--shell=sh",
        "--external-sources",
        "--source-path",
        SCRIPTS.parents[1],
    ]
    found = subprocess.run([*command, *scripts], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("user", USERS)
def test_a_missing_password_is_named(single, user):
    (single.log_path.parent / "passwords" / user).unlink()
    single.start()
    assert single.process.wait(10) == 1
    assert f'the password of "{user}" is missing: the Secret valkey-passwords' in (
        single.log_path.read_text()
    )


def test_one_valkey_is_durable_and_evicts_nothing(single):
    single.start().wait_ready()
    for setting, value in {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
    }.items():
        assert single.ask("exporter", "CONFIG", "GET", setting).split() == [setting, value]
    assert single.ask("exporter", "CONFIG", "GET", "save").split("\n")[1]


def test_nobody_and_others_than_meant_are_refused(single):
    single.start().wait_ready()
    nobody = subprocess.run(
        ["valkey-cli", "-p", str(single.port), "PING"], capture_output=True, text=True
    )
    assert "NOAUTH" in nobody.stdout + nobody.stderr
    for user, *command in (
        ("reader", "SET", "count:mixco", "1"),
        ("reader", "GET", "elsewhere"),
        ("reader", "FCALL", "chaac_open_v1", "0"),
        ("reader", "KEYS", "*"),
        ("chaac", "FLUSHALL"),
        ("chaac", "CONFIG", "SET", "appendfsync", "no"),
        ("chaac", "SET", "elsewhere", "1"),
        ("chaac", "EVAL", "return 1", "0"),
        ("chaac", "FUNCTION", "FLUSH"),
        ("loader", "GET", "count:mixco"),
        ("loader", "FUNCTION", "DELETE", "chaac_v1"),
        ("exporter", "GET", "count:mixco"),
        ("exporter", "CONFIG", "SET", "maxmemory", "1"),
        ("replica", "GET", "count:mixco"),
        ("sentinel", "GET", "count:mixco"),
        ("sentinel", "SHUTDOWN"),
    ):
        assert "NOPERM" in single.ask(user, *command), (user, command)
    # Without Sentinels no password is in there.
    assert single.ask("chaac", "CONFIG", "GET", "appendfsync").split() == ["appendfsync", "always"]
    assert single.ask("chaac", "CONFIG", "GET", "primaryauth") == "primaryauth"


def test_with_sentinels_the_server_cannot_read_the_password_of_replicas(replicated):
    for node in replicated.nodes:
        assert "NOPERM" in node.ask("chaac", "CONFIG", "GET", "primaryauth")


def server_of(node: Node, password_of: str = "chaac") -> Server:
    folder = node.log_path.parent
    return Server(
        folder / "server",
        f"valkey://127.0.0.1:{node.port}",
        *(
            "--valkey-username",
            "chaac",
            "--valkey-password-file",
            folder / "passwords" / password_of,
        ),
    )


def test_the_server_needs_no_more_than_its_user_has(single):
    single.start().wait_ready()
    loaded = load_functions(single)
    assert loaded.returncode == 0, loaded.stderr
    server = server_of(single)
    try:
        server.start()
        report = {"municipality": "mixco", "temperature": 20, "humidity": 5, "weather": "sunny"}
        for _ in range(2):
            answer = exchange(server.port, post(report, idempotency_key="station-1"))
            assert answer.status == 200, answer.body
        assert single.ask("reader", "GET", "count:mixco") == "1"
    finally:
        server.kill()


def test_a_password_that_does_not_match_is_named(single):
    """By the init container and by the server: both end, so the pod restarts and is seen to."""
    single.start().wait_ready()
    loaded = load_functions(single, password_of="chaac")
    assert loaded.returncode == 1 and "WRONGPASS" in loaded.stderr, loaded.stderr
    assert load_functions(single).returncode == 0
    server = server_of(single, password_of="reader")
    try:
        server.launch()
        assert server.process.wait(30) == 1
        assert "WRONGPASS" in server.log() and "--valkey-password-file" in server.log()
    finally:
        server.kill()


def test_a_store_that_is_not_there_is_named(single):
    """Nothing listens: the port is only kept from others."""
    loaded = load_functions(single)
    assert loaded.returncode == 1
    assert f"127.0.0.1:{single.port}: Connection refused" in loaded.stderr, loaded.stderr
    server = server_of(single)
    try:
        server.launch()
        wait_until(lambda: "Connection refused" in server.log(), "the log names the cause")
        assert not server.is_ready()
    finally:
        server.kill()


def test_a_full_volume_is_named_and_loses_nothing_that_was_acknowledged(single):
    """Valkey ends rather than acknowledge what it cannot write; with room it is back by itself."""
    single.start_on_small_volume("6m", "64m").wait_ready()
    assert load_functions(single).returncode == 0
    server = server_of(single)
    try:
        server.start()
        said = single.log_path.read_text
        rows = [{"municipality": "mixco", "temperature": 20}] * 500
        acknowledged = sent = 0
        while "ended with" not in said():
            sent += len(rows)
            acknowledged += len(rows) * (exchange(server.port, post(rows)).status == 200)
            assert sent < 1_000_000, "a volume of 6 MB takes no end of reports"
        assert "Can't recover from AOF write error" in said() and "ended with 1" in said()
        server.wait_ready()
        stored = int(single.ask("reader", "GET", "count:mixco"))
        assert 0 < acknowledged <= stored <= sent
    finally:
        server.kill()


def test_what_was_committed_is_there_after_a_kill(single):
    """Commits come from functions: the file has them as transactions, which older Valkeys check
    against the rights of the user "default" when they load it, and drop."""
    single.start().wait_ready()
    assert load_functions(single).returncode == 0
    server = server_of(single)
    try:
        server.start()
        for _ in range(7):
            report = {"municipality": "mixco", "temperature": 20}
            assert exchange(server.port, post(report)).status == 200
        single.kill()
        single.start().wait_ready()
        assert single.ask("reader", "GET", "count:mixco") == "7"
        assert "CRITICAL" not in single.log_path.read_text()
    finally:
        server.kill()


def append_only_file(node: Node) -> Path:
    return max((node.data / "appendonlydir").glob("*.incr.aof"))


def test_a_torn_end_of_the_append_only_file_makes_nothing_count_twice(single):
    """Valkey below 8.0.11 and 8.1.10 leaves half a commit in the file, which the next one
    completes: the report that follows is stored twice at the second start. Cut in the last command,
    before it, and in the one before."""
    single.start().wait_ready()
    assert load_functions(single).returncode == 0
    server = server_of(single)

    def send(key: str):
        report = {"municipality": "mixco", "temperature": 20}
        return exchange(server.port, post(report, idempotency_key=key)).status

    try:
        server.start()
        for number, cut_bytes in enumerate((5, 14, 30), 1):
            assert send(f"torn-{number}") == 200
            single.kill()
            file = append_only_file(single)
            whole = file.read_bytes()
            file.write_bytes(whole[:-cut_bytes])
            single.start().wait_ready()
            wait_until(lambda n=number: send(f"torn-{n}") == 200, "the report is taken again")
            single.terminate()
            single.start().wait_ready()
            assert single.ask("reader", "GET", "count:mixco") == str(number)
            kept = max((single.data / "torn").iterdir(), key=lambda f: f.stat().st_mtime_ns)
            begin = whole.rindex(b"*1\r\n$5\r\nMULTI\r\n")
            assert kept.read_bytes() == whole[begin:-cut_bytes]
            cut = f"its last {len(whole) - cut_bytes - begin} bytes, which end within a commit"
            assert cut in single.log()
    finally:
        server.kill()


def test_a_torn_end_that_cannot_be_kept_is_not_cut(single):
    """As on a volume that is full, which is what tears files."""
    single.start().wait_ready()
    assert single.ask("operator", "EVAL", "return redis.call('incr', 'a')", "0") == "1"
    assert single.ask("operator", "EVAL", "return redis.call('incr', 'a')", "0") == "2"
    single.kill()
    file = append_only_file(single)
    torn = file.read_bytes()[:-5]
    file.write_bytes(torn)
    (single.data / "torn").write_text("in the way of the folder")
    single.start()
    assert single.process.wait(10) == 1
    assert "cannot be kept in" in single.log()
    assert file.read_bytes() == torn


@pytest.mark.parametrize(
    "damage, starts, said",
    [
        ((b"*3", b"%3"), False, "is left as it is, and Valkey may refuse it"),
        ((b"", b"\0" * 40), False, "is left as it is, and Valkey may refuse it"),
        # Valkey reads the two bytes behind an argument and does not look at them.
        ((b"first\r\n", b"firstXX"), True, "is left as it is, and Valkey may refuse it"),
        # To Valkey this is an unexpected end: it would drop all that follows, and start.
        ((b"$5\r\nlpush", b"$5000\r\nlpush"), False, "with whole commits behind it"),
    ],
    ids=["in the middle", "zeros at the end", "what Valkey does not look at", "a length"],
)
def test_a_damaged_append_only_file_is_not_cut(single, damage, starts, said):
    """What valkey-check-aof --fix would do: acknowledged reports would be gone."""
    single.start().wait_ready()
    for word in ("first", "second", "third"):
        script = f"redis.call('incr', 'a') return redis.call('lpush', 'l', '{word}')"
        assert single.ask("operator", "EVAL", script, "0")
    single.kill()
    file = append_only_file(single)
    old, new = damage
    text = file.read_bytes()
    assert old in text
    damaged = text.replace(old, new, 1) if old else text + new
    file.write_bytes(damaged)
    single.start()
    if starts:
        single.wait_ready()
        assert single.ask("operator", "GET", "a") == "3"
    else:
        assert single.process.wait(10) == 1
    assert file.read_bytes() == damaged and not (single.data / "torn").exists()
    assert said in single.log() and "See docs/runbooks/ValkeyDown.md" in single.log()


def test_with_tls_nothing_is_in_the_clear(folder):
    """Clients, replication and Sentinels, all of it; the plain ports are closed."""
    store = Replicated(folder, tls_settings(folder))
    try:
        store.start()
        first = store.nodes[0]
        assert first.ask("chaac", "SET", "count:mixco", "7") == "OK"
        wait_until(lambda: store.nodes[1].ask("reader", "GET", "count:mixco") == "7", "replicated")
        for node in (first, store.sentinels[0]):
            plain = subprocess.run(
                ["valkey-cli", "-p", str(node.port), "PING"],
                capture_output=True,
                text=True,
                timeout=10,
            )
            assert "PONG" not in plain.stdout and "NOAUTH" not in plain.stdout + plain.stderr
        left = first.run("leave.sh")
        assert "the role is slave now" in left.stderr, left
    finally:
        store.kill()


class Writers(Repeating):
    """Three clients that write to whichever node takes it, and remember what was acknowledged."""

    def __init__(self, store: Replicated):
        self._store = store
        self._password = (store.nodes[0].log_path.parent / "passwords/chaac").read_text()
        self.acknowledged: list[str] = []
        super().__init__(3)

    def _run(self, writer: int):
        number = 0
        while not self._stop.is_set():
            for node in self._store.nodes:
                try:
                    with RespClient(("127.0.0.1", node.port), 5) as client:
                        client("AUTH", "chaac", self._password)
                        while not self._stop.is_set():
                            number += 1
                            client("SADD", "count:mixco", f"{writer}-{number}")
                            self.acknowledged.append(f"{writer}-{number}")
                except (OSError, RespError):  # A replica, or a node that leaves.
                    self._stop.wait(0.01)


def test_a_planned_hand_over_loses_nothing_that_was_acknowledged(folder):
    """Under load, by the primary alone, which promises nothing when it is killed."""
    store = Replicated(folder)
    writers = None
    try:
        first = store.start().nodes[0]
        writers = Writers(store)
        wait_until(lambda: len(writers.acknowledged) > 2000, "writes are acknowledged")
        left = first.run("leave.sh")
        assert left.returncode == 0 and left.stderr.endswith("the role is slave now.\n"), left
        before = len(writers.acknowledged)
        wait_until(lambda: len(writers.acknowledged) > before + 2000, "they are again")
        writers.stop()
        (primary,) = store.primaries()
        assert primary is not first
        stored = set(primary.ask("reader", "SMEMBERS", "count:mixco").split("\n"))
        assert set(writers.acknowledged) <= stored
    finally:
        if writers:
            writers.stop()
        store.kill()


def test_a_primary_without_replicas_says_so_and_stays_closed(replicated):
    """Nothing to hand over to: the node stops as what it is. What it took in its last moments might
    reach no replica."""
    first, *others = replicated.nodes
    (primary,) = replicated.primaries()
    assert primary is first
    for node in others:
        node.signal(signal.SIGSTOP)
    try:
        assert first.ask("operator", "CONFIG", "SET", "min-replicas-to-write", "0") == "OK"
        first.ask("chaac", "SET", "count:mixco", "1")
        left = first.run("leave.sh")
        said = "the replicas that may be promoted do not have all after 3 s"
        assert left.returncode == 0 and said in left.stderr, left
        assert "the role is master now" in left.stderr
        with pytest.raises(subprocess.TimeoutExpired):
            first.ask("chaac", "SET", "count:mixco", "2", timeout_s=1)
    finally:
        for node in others:
            node.signal(signal.SIGCONT)
    assert first.ask("operator", "CLIENT", "UNPAUSE") == "OK"  # Instead of its end.
    first.ask("operator", "CONFIG", "SET", "min-replicas-to-write", "1")
    for node in others:
        node.wait_ready()
    assert replicated.primaries() == [first]


def test_a_server_may_ask_the_sentinels_and_do_no_more(replicated):
    sentinel, primary = replicated.sentinels[0], replicated.nodes[0]
    answer = sentinel.ask("chaac", "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "chaac")
    assert answer.split() == ["127.0.0.1", str(primary.port)]
    for command in (
        ("SENTINEL", "FAILOVER", "chaac"),
        ("SENTINEL", "REMOVE", "chaac"),
        ("SHUTDOWN",),
    ):
        assert "NOPERM" in sentinel.ask("chaac", *command), command


def test_roles_follow_the_sentinels(replicated):
    """One long walk, as each step starts where the last one ended: a primary that is stopped on
    purpose hands over first; it comes back as a replica; a primary that lost its volume does not
    take the others' data along."""
    first = replicated.nodes[0]
    assert replicated.primaries() == [first]
    assert first.ask("chaac", "SET", "count:mixco", "7") == "OK"
    wait_until(
        lambda: all(n.ask("reader", "GET", "count:mixco") == "7" for n in replicated.nodes[1:]),
        "replicas have it",
    )

    left = first.run("leave.sh")
    assert left.returncode == 0 and "the role is slave now" in left.stderr, left
    (second,) = wait_until(replicated.primaries, "another primary")
    assert second is not first
    first.kill()
    first.start().wait_ready()
    assert first.role() == "slave"
    assert first.ask("reader", "GET", "count:mixco") == "7"

    # Less patience than is shipped: it is the same walk, three seconds sooner.
    replicated.tell_sentinels("SET", "chaac", "down-after-milliseconds", "2000")
    second.kill()
    second.lose_volume()
    second.start()
    (third,) = wait_until(
        lambda: [n for n in replicated.nodes if n is not second and n.role() == "master"],
        "a third primary",
        120,
    )
    assert third.ask("reader", "GET", "count:mixco") == "7"
    wait_until(second.is_ready, "the node whose volume was lost follows", 120)
    assert second.role() == "slave"
    assert second.ask("reader", "GET", "count:mixco") == "7"
    assert "its volume is empty" in second.log_path.read_text()
