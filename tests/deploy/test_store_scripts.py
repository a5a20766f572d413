"""The scripts that start the store in its containers, run with real Valkeys and Sentinels."""

import subprocess

import pytest
from lib.processes import BINARY, Server, clean_environment, wait_until
from lib.wire import exchange, post

from deploy.store import SCRIPTS, USERS, Node, Replicated, tls_settings, write_passwords


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
        ("chaac", "CONFIG", "GET", "*"),
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


def test_the_server_needs_no_more_than_its_user_has(single):
    single.start().wait_ready()
    folder = single.log_path.parent
    # As the init container does.
    load = [BINARY, "load", "--valkey-url", f"valkey://127.0.0.1:{single.port}"]
    load += ["--valkey-username", "loader", "--valkey-password-file", folder / "passwords/loader"]
    loaded = subprocess.run(load, env=clean_environment(), capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr
    server = Server(
        folder / "server",
        f"valkey://127.0.0.1:{single.port}",
        *("--valkey-username", "chaac", "--valkey-password-file", folder / "passwords/chaac"),
    )
    try:
        server.start()
        report = {"municipality": "mixco", "temperature": 20, "humidity": 5, "weather": "sunny"}
        for _ in range(2):
            answer = exchange(server.port, post(report, idempotency_key="station-1"))
            assert answer.status == 200, answer.body
        assert single.ask("reader", "GET", "count:mixco") == "1"
    finally:
        server.kill()


def test_what_was_written_is_there_after_a_kill(single):
    single.start().wait_ready()
    assert single.ask("chaac", "SET", "count:mixco", "7") == "OK"
    single.kill()
    single.start().wait_ready()
    assert single.ask("reader", "GET", "count:mixco") == "7"


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
