"""Where a torn end of an append-only file begins, on files that a real Valkey wrote."""

import shutil
import subprocess

import pytest
import torn_end
from lib.processes import Valkey

CHECK = shutil.which("valkey-check-aof") or "redis-check-aof"
TRANSACTION = "redis.call('INCR', 'a') redis.call('RPUSH', 'l', ARGV[1])"


@pytest.fixture(scope="module")
def written(module_folder):
    """A file with transactions and a single command, and where each of them ends."""
    valkey = Valkey(module_folder).start()
    file = torn_end.last_file(module_folder)
    ends = []
    with valkey.client() as client:
        for command in [
            ("SET", "k", "v"),
            ("EVAL", TRANSACTION, "0", "one\r\n*1\r\n"),
            ("SET", "k", "w"),
            ("EVAL", TRANSACTION, "0", "two"),
        ]:
            client(*command)
            ends.append(file.stat().st_size)
    valkey.kill()
    return file.read_bytes(), ends


def torn(data: bytes, folder) -> int | None:
    """Where script/server would cut it."""
    file = folder / "file.aof"
    file.write_bytes(data)
    said = subprocess.run([CHECK, file], capture_output=True, check=False).stdout
    whole = torn_end.whole_up_to(said)
    if whole is None or whole >= len(data):
        return None
    at = torn_end.torn_at(data[whole:])
    return None if at is None else whole + at


def test_every_cut_is_put_back_to_the_last_whole_transaction(written, folder):
    data, ends = written
    for size in range(ends[1], len(data) + 1):
        whole = max(end for end in ends if end <= size)
        assert torn(data[:size], folder) == (None if size == whole else whole), size


def test_a_wound_that_an_earlier_start_left_does_not_hide_a_torn_end(written, folder):
    """MULTI, a part of its commands, and the next transaction: Valkey reads that."""
    data, ends = written
    wounded = data[: data.rindex(b"*1\r\n$4\r\nEXEC\r\n")] + data[ends[2] :]
    assert torn(wounded, folder) is None
    assert torn(wounded + data[ends[2] : -5], folder) == len(wounded)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data, end: data[:end] + b"\0" * 100, id="zeros behind the end"),
        pytest.param(lambda data, end: data[:-5] + b"\0" * 100, id="zeros behind a torn end"),
        pytest.param(lambda data, end: data + b"hello", id="text behind the end"),
        pytest.param(lambda data, end: data[:end] + b"!" + data[end:], id="a byte too many"),
        pytest.param(lambda data, end: data[:end] + data[end + 1 :], id="a byte missing"),
        pytest.param(lambda data, end: data[:end] + b"*0\r\n" + data[end:], id="no command"),
    ],
)
def test_what_valkey_refuses_is_no_torn_end(written, module_folder, folder, damage):
    data, ends = written
    damaged = damage(data, ends[1])
    assert torn(damaged, folder) is None
    shutil.copytree(module_folder / "appendonlydir", folder / "appendonlydir")
    torn_end.last_file(folder).write_bytes(damaged)
    valkey = Valkey(folder)
    valkey.launch()
    assert valkey.process.wait(60) == 1
    assert torn_end.last_file(folder).read_bytes() == damaged


def test_a_broken_length_would_take_whole_transactions_along(written, folder):
    data, ends = written
    broken = data[: ends[2]] + data[ends[2] :].replace(b"$4\r\nINCR", b"$4444\r\nINCR")
    assert torn(broken, folder) == ends[2]
    assert torn_end.END_OF_TRANSACTION in broken[ends[2] :]


def test_the_latest_cuts_are_kept(folder):
    file = folder / "file.aof"
    for size in range(1, torn_end.KEPT_FILES_MAX + 3):
        file.write_bytes(b"w" * size + b"torn")
        kept = torn_end.cut(file, size, b"torn", folder / "torn")
        assert kept.read_bytes() == b"torn"
        assert file.read_bytes() == b"w" * size
    assert len(list((folder / "torn").iterdir())) == torn_end.KEPT_FILES_MAX
    assert kept.exists()


def test_without_a_file_there_is_nothing_to_do(folder):
    assert torn_end.last_file(folder) is None
