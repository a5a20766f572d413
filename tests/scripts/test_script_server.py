"""script/server from the outside: what it prints, what it leaves behind, and how it ends."""

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from conftest import END_TIMEOUT_S, is_gone, number_before
from lib.processes import Valkey, wait_until


def total_of(output: str) -> int:
    return int(re.search(r"the store's total is ([\d,]+)\.", output)[1].replace(",", ""))


def test_counts_what_it_replays_to_the_last_report(checkout):
    running = checkout.start("--rate", "100")
    running.wait_for_reports()
    assert running.stop() == 0
    accepted = number_before("reports accepted", running.output())
    assert accepted > 0
    assert number_before("accepted, 0 failed, 0 unanswered", running.output()) == accepted
    assert total_of(running.output()) == accepted
    assert number_before("errors", running.output()) == 0
    assert re.search(r"p50 [\d.]+ ms", running.output())


def test_keeps_the_data_for_the_next_start_and_fresh_moves_it_away(checkout):
    running = checkout.start()
    running.wait_for_reports()
    assert running.stop() == 0
    stored = total_of(running.output())
    for options, total in [((), stored), (("--fresh",), 0)]:
        done = checkout.run("--no-replay", "--for", "1s", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert total_of(done.stdout) == total
    assert len(list((checkout.root / "var").glob("valkey.2*"))) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_it_started(checkout, number):
    running = checkout.start()
    children = running.children()
    assert len(children) == 3
    assert running.stop(number) == 0
    assert all(is_gone(pid) for pid in children.values())
    assert "Stopped after" in running.output()


def test_nothing_outlives_it_when_it_is_killed(checkout):
    running = checkout.start()
    children = running.children()
    running.process.kill()
    running.process.wait()
    wait_until(lambda: all(is_gone(pid) for pid in children.values()), "the children end")
    assert checkout.run("--for", "1s").returncode == 0


def test_the_data_stay_locked_until_its_store_has_ended(checkout):
    running = checkout.start("--no-replay")
    store = running.children()["valkey-server"]
    os.kill(store, signal.SIGSTOP)
    running.process.kill()
    running.process.wait()
    with (checkout.root / "var" / "valkey.lock").open() as lock:
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.kill(store, signal.SIGCONT)
        fcntl.flock(lock, fcntl.LOCK_EX)  # Not for ever: the store has been told to end.


def test_starts_its_store_again_and_counts_every_report_once(checkout):
    running = checkout.start("--rate", "50")
    running.wait_for_reports()
    running.kill_store()
    running.wait_until_said("Valkey was killed by SIGKILL; starting it again")
    running.wait_for_reports(more_than=running.wait_for_reports())
    port = int(re.search(r" and 127\.0\.0\.1:(\d+)", running.output())[1])
    with contextlib.ExitStack() as until_then:
        with running.paused():
            running.kill_store()
            with contextlib.suppress(OSError):  # Another script/server was faster: taken as well.
                until_then.enter_context(socket.create_server(("127.0.0.1", port)))
        running.wait_until_said(rf"Port {port} is taken: Valkey is at \d+ now\.")
        running.wait_for_reports(more_than=running.wait_for_reports())
        assert running.stop() == 0
    assert total_of(running.output()) == number_before("accepted, 0 failed", running.output())


# Starts another Valkey on the port that it is given, once, and then the one that is asked for.
TAKES_THE_PORT = """\
#!/bin/sh
for last in "$@"; do [ "$option" = --port ] && port=$last; option=$last; done
valkey=$(PATH=$REAL_PATH command -v valkey-server || PATH=$REAL_PATH command -v redis-server)
cd "$(dirname "$0")"
if [ ! -e pid ]; then
  setsid "$valkey" --bind 127.0.0.1 --port "$port" --save '' --dir "$PWD" >log 2>&1 &
  echo $! >pid
  until grep -q Ready log; do sleep 0.02; done
  echo "$port" >port
fi
exec "$valkey" "$@"
"""


def test_takes_the_next_port_if_another_valkey_is_faster(checkout, folder):
    wrapper = folder / "bin" / "valkey-server"
    wrapper.parent.mkdir()
    wrapper.write_text(TAKES_THE_PORT)
    wrapper.chmod(0o755)
    path = os.environ["PATH"]
    try:
        running = checkout.start("--rate", "100", PATH=f"{wrapper.parent}:{path}", REAL_PATH=path)
        running.wait_for_reports()
        assert running.stop() == 0
    finally:
        os.kill(int((wrapper.parent / "pid").read_text()), signal.SIGKILL)
    taken = (wrapper.parent / "port").read_text().strip()
    store = re.search(r"Store +Valkey, .* and 127\.0\.0\.1:(\d+)", running.output())
    assert store[1] != taken
    assert total_of(running.output()) == number_before("accepted, 0 failed", running.output())


def last_file(checkout) -> Path:
    """What its Valkey writes to."""
    (file,) = (checkout.root / "var/valkey/appendonlydir").glob("*.incr.aof")
    return file


def test_a_report_whose_commit_was_torn_is_counted_once(checkout):
    """By a crash of the store while the server runs, and by one of both. The file is cut within the
    last commit, as if the crash had come before its reply: its client sends the report again."""
    crashed = checkout.start("--no-replay")
    assert crashed.send(id="one", temperature=10) == 200
    assert crashed.send(id="two", temperature=20) == 200
    with crashed.paused():
        crashed.kill_store()
        os.truncate(last_file(checkout), last_file(checkout).stat().st_size - 5)
    wait_until(lambda: crashed.send(id="two", temperature=20) == 200, "it is stored")
    assert crashed.send(id="three", temperature=30) == 200
    crashed.kill()
    os.truncate(last_file(checkout), last_file(checkout).stat().st_size - 30)
    running = checkout.start("--no-replay")
    assert running.send(id="three", temperature=30) == 200
    assert running.stop() == 0
    done = checkout.run("--no-replay", "--for", "1s")  # A clean start: where it was counted twice.
    assert done.returncode == 0
    assert (total_of(running.output()), total_of(done.stdout)) == (3, 3)
    said = r"half written when Valkey ended: cut \d{3,} bytes off it\. Nothing that was ack"
    outputs = (crashed.output(), running.output(), done.stdout)
    assert [len(re.findall(said, output)) for output in outputs] == [1, 1, 0]
    assert len(list((checkout.root / "var/valkey/torn").iterdir())) == 2


def test_damage_before_the_end_is_explained_and_nothing_is_cut(checkout):
    running = checkout.start("--rate", "50")
    running.wait_for_reports(more_than=5)
    running.kill()
    file = last_file(checkout)
    data = file.read_bytes()
    middle = data.index(b"*1\r\n$5\r\nMULTI", len(data) // 2)
    before, behind = data[:middle], data[middle:]

    file.write_bytes(before + b"?" + behind)
    done = checkout.run("--no-replay", "--for", "1s")
    assert done.returncode == 1
    assert "Bad file format reading the append only file" in done.stderr
    assert f"has a fault at byte {middle} of {len(data) + 1}, not at its end" in done.stderr
    assert "valkey-check-aof --fix would cut off all that stands behind that" in done.stderr
    assert file.read_bytes() == before + b"?" + behind

    # Valkey takes this for a torn end, and would drop all that stands behind it.
    longer = behind.replace(b"$5\r\nMULTI", b"$5555555\r\nMULTI", 1)
    file.write_bytes(before + longer)
    done = checkout.run("--no-replay", "--for", "1s")
    assert done.returncode == 1
    assert f"has a fault at byte {middle}, and whole transactions stand behind it" in done.stderr
    assert file.read_bytes() == before + longer


def test_says_why_when_the_server_ends(checkout):
    running = checkout.start()
    children = running.children()
    os.kill(children["chaac"], signal.SIGKILL)
    assert running.process.wait() == 1
    assert "the server was killed by SIGKILL" in running.output()
    assert all(is_gone(pid) for pid in children.values())


def test_refuses_a_second_start_on_the_same_data(checkout):
    running = checkout.start()
    done = checkout.run("--port", "1", "--admin-port", "2")
    assert done.returncode == 1
    assert f"another script/server (pid {running.process.pid}) is using var/valkey" in done.stderr


def test_names_the_holder_of_a_port(checkout):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = checkout.run("--admin-port", str(port))
    assert done.returncode == 1
    assert f"port {port} is in use by " in done.stderr
    assert (
        f"(pid {os.getpid()}): stop that, or choose another port with --admin-port" in done.stderr
    )


BUILDS_UNTIL_TOLD = """\
#!/bin/sh
touch "$0.runs"
while [ -e "$0.runs" ]; do sleep 0.05; done
"""


@pytest.mark.parametrize(("flag", "log_format"), [("--port", "json"), ("--admin-port", "text")])
def test_says_which_port_was_taken_while_it_built(checkout, flag, log_format):
    build = checkout.root / "script" / "build"
    build.write_text(BUILDS_UNTIL_TOLD)
    building = Path(f"{build}.runs")
    port = checkout.port if flag == "--port" else checkout.admin_port
    running = checkout.launch("--no-replay", CHAAC_LOG_FORMAT=log_format)
    wait_until(building.exists, "it builds")
    with socket.create_server(("127.0.0.1", port)):
        building.unlink()
        assert running.process.wait(END_TIMEOUT_S) == 1
    output = running.output()
    assert "the server exited with status 1 before it was ready" in output
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in output
    assert f"Port {port} is in use by " in output
    assert f"choose another port with {flag}" in output


def test_says_why_the_server_refuses_a_store(checkout, folder):
    store = Valkey(folder / "store", "--maxmemory-policy", "allkeys-lru").start()
    try:
        done = checkout.run("--no-replay", "--valkey", store.url)
    finally:
        store.kill()
    assert done.returncode == 1
    assert "the server cannot start: " in done.stderr
    assert "maxmemory-policy is allkeys-lru, which may evict stored reports" in done.stderr


def test_says_which_setting_the_server_refuses(checkout):
    done = checkout.run("--no-replay", CHAAC_LOOPS="many")
    assert done.returncode == 1
    assert 'environment variable CHAAC_LOOPS (--loops) is "many"' in done.stderr


def test_says_that_the_server_cannot_be_run(checkout):
    binary = checkout.root / "build" / "release" / "chaac"
    binary.unlink()
    binary.write_bytes(b"\x7fELF of another machine")
    binary.chmod(0o755)
    done = checkout.run("--no-replay")
    assert done.returncode == 1
    assert "the server cannot be run: build/release/chaac: Exec format error." in done.stderr


def test_uses_a_store_that_exists_and_leaves_it_running(checkout, folder):
    store = Valkey(folder / "store").start()
    try:
        running = checkout.start("--valkey", store.url)
        running.wait_for_reports()
        assert running.stop() == 0
        assert store.running
        assert not (checkout.root / "var" / "valkey").exists()
    finally:
        store.kill()


@pytest.mark.parametrize("url", ["valkey://ana:secret@127.0.0.1:1", "unix:///nowhere/valkey.sock"])
def test_explains_a_store_that_does_not_answer(checkout, url):
    done = checkout.run("--valkey", url)
    assert done.returncode == 1
    assert "no store answers at" in done.stderr
    assert "leave --valkey out" in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_explains_data_that_cannot_be_read(checkout):
    assert checkout.run("--for", "1s").returncode == 0
    data = checkout.root / "var" / "valkey" / "appendonlydir"
    (data / "appendonly.aof.manifest").write_text("not a manifest\n")
    done = checkout.run("--for", "1s")
    assert done.returncode == 1
    assert "exited with status 1 as soon as it was started" in done.stderr
    assert "Invalid AOF manifest file format" in done.stderr
    assert "--fresh" in done.stderr


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--port", "65536"], '"65536" is not a port: 1 to 65535'),
        (["--rate", "0"], '"0" is not a rate: above 0'),
        (["--for", "soon"], '"soon" is not a duration such as 30s'),
        (["--valkey", "http://127.0.0.1"], "must be valkey://HOST:PORT"),
        (["--port", "8081", "--admin-port", "8081"], "must differ"),
        (["--fresh", "--valkey", "unix:///x"], "not allowed with"),
        (["--verbose"], "unrecognized arguments: --verbose"),
    ],
)
def test_refuses_wrong_options(checkout, options, complaint):
    done = checkout.run(*options)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_a_reader_that_leaves_ends_it(checkout):
    with subprocess.Popen(checkout.command(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "\n"  # All before the first status line is one write.
        process.stdout.close()
        assert process.wait(END_TIMEOUT_S) == 0
