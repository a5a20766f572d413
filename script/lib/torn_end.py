"""The end of Valkey's append-only file, which a crash may leave half written.

Valkey 8.0.1, which Debian ships, cuts a torn end in the wrong place if it lies within a command of
a transaction: it leaves the MULTI and what follows it, so that the next transaction joins the rest.
A report that its client sends again is then counted twice from the second start on. So the end is
cut here before Valkey sees it, where Valkey should: behind the last whole transaction.

Only an end is cut, never a fault with something whole behind it. valkey-check-aof finds the place;
its words do not tell one from the other, and its --fix cuts both, so the bytes themselves decide.
"""

import os
import re
from pathlib import Path

TAIL_BYTES_MAX = 64 * 1024 * 1024  # Far more than a commit can be.
KEPT_FILES_MAX = 5
NUMBER_BYTES_MAX = 24  # Of a line with a count or a length.
END_OF_TRANSACTION = b"\r\n$4\r\nEXEC\r\n"
ANALYZED = re.compile(rb"AOF analyzed: .*\bsize=\d+, ok_up_to=(\d+),")


class _Ends(Exception):
    """The bytes end within a command."""


class _Damaged(Exception):
    """These bytes are no command."""


def last_file(data_dir: Path) -> Path | None:
    """The file that Valkey writes to; None if there is none yet, or the manifest does not say."""
    folder = data_dir / "appendonlydir"
    try:
        lines = (folder / "appendonly.aof.manifest").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return None
    words = [line.split() for line in lines]
    names = [line[1] for line in words if line[:1] == ["file"] and line[-2:] == ["type", "i"]]
    file = folder / names[-1] if names else None
    return file if file and file.is_file() else None


def whole_up_to(said: bytes) -> int | None:
    """Where valkey-check-aof's output puts the end of what it understands."""
    found = ANALYZED.findall(said)
    return int(found[-1]) if found else None


def torn_at(tail: bytes) -> int | None:
    """Where in `tail`, which begins with a command, the last transaction begins if it is not whole;
    None if it is, or if the bytes are damaged in another way. Reads as Valkey does."""
    whole = at = 0
    in_transaction = False
    try:
        while at < len(tail):
            name, at = _command(tail, at)
            in_transaction = name == b"MULTI" or (in_transaction and name != b"EXEC")
            if not in_transaction:
                whole = at
    except _Damaged:
        return None
    except _Ends:
        return whole
    return whole if in_transaction else None


def _command(data: bytes, at: int) -> tuple[bytes, int]:
    """The name of the command that begins at `at`, and where the next one does."""
    if data[at : at + 1] == b"#":  # An annotation: a line that Valkey skips.
        end = data.find(b"\n", at)
        if end < 0:
            raise _Ends
        return b"", end + 1
    count, at = _number(data, at, b"*")
    if count < 1:
        raise _Damaged
    name = None
    for _ in range(count):
        size, at = _number(data, at, b"$")
        if at + size + 2 > len(data):
            raise _Ends
        name = data[at : at + size].upper() if name is None else name
        at += size + 2  # Valkey does not look at the last two, either.
    return name, at


def _number(data: bytes, at: int, prefix: bytes) -> tuple[int, int]:
    line = data[at : at + NUMBER_BYTES_MAX]
    if number := re.match(re.escape(prefix) + rb"(\d+)\r\n", line):
        return int(number[1]), at + number.end()
    if len(line) < NUMBER_BYTES_MAX and re.fullmatch(rb"(%b\d*\r?)?" % re.escape(prefix), line):
        raise _Ends
    raise _Damaged


def cut(file: Path, at: int, tail: bytes, folder: Path) -> Path:
    """Cuts `tail` off `file`, whose byte `at` is the first of it, once it is kept in `folder`.
    Returns where; of earlier ones the latest are kept."""
    folder.mkdir(exist_ok=True)
    kept = folder / f"{file.name}.{at}"
    with kept.open("wb") as copy:
        copy.write(tail)
        copy.flush()
        os.fsync(copy.fileno())
    for old in sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT_FILES_MAX]:
        old.unlink()
    with file.open("r+b") as whole:
        whole.truncate(at)
        os.fsync(whole.fileno())
    return kept
