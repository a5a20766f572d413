"""The load of a fault run: a few keep-alive connections that send single reports, arrays and NDJSON
in bursts, with and without client ids, and write every answer into the ledger."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass

from lib.reports import MUNICIPALITIES, Report, random_report, spell, spell_batch
from lib.wire import Answer, parse_head, post, request

from faults.ledger import Ledger, Outcome, Row

CONNECTIONS = 8
ROWS_MAX = 40  # Of one request; far below what a commit's lists carry of one municipality.
ANSWER_SECONDS_MAX = 30  # A request without an answer for so long has been forgotten.
PROBLEMS_NOT_STORED = (
    *("not-committed", "queue-full", "id-window-full", "server-busy", "store-key-invalid"),
)

# A report without an id equals no other: its temperature is one of these, scattered over -60..60.
_UNIQUE_TEMPERATURES = 1_200_000
_SCATTER = 7919  # Coprime to the number of temperatures.


@dataclass
class Message:
    """One request's reports; its bytes are spelled anew each time it is sent."""

    rows: list[Row]
    is_batch: bool
    idempotency_key: str | None = None

    def encode(self, rng: random.Random) -> bytes:
        with_key = self.idempotency_key is not None
        reports = [row.report for row in self.rows]
        if with_key:  # The header gives the rows their ids.
            reports = [Report(*report.content) for report in reports]
        headers = {"idempotency_key": self.idempotency_key} if with_key else {}
        if not self.is_batch:
            return post(spell(rng, reports[0]), **headers)
        body, content_type = spell_batch(rng, reports)
        return post(body, content_type=content_type, **headers)

    @property
    def has_ids(self) -> bool:
        return self.rows[0].report.id is not None


class Client:
    """One keep-alive connection that connects again whenever it must."""

    def __init__(self, port: int):
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def exchange(self, data: bytes, count: int) -> list[Answer]:
        """Sends `count` requests in one write. Fewer answers mean that the connection ended."""
        answers: list[Answer] = []
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writer.write(data)
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                while len(answers) < count:
                    answers.append(await self._read())
            if answers[-1].headers.get("connection") != "close":
                return answers
        self.close()
        return answers

    async def _read(self) -> Answer:
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, headers = parse_head(head)
        return Answer(
            status, headers, await self._reader.readexactly(int(headers["content-length"]))
        )

    def close(self):
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None


class Load:
    """Sends until it is told to stop."""

    def __init__(self, port: int, ledger: Ledger, rng: random.Random):
        self._port = port
        self._ledger = ledger
        self._rng = rng
        self._tasks: list[asyncio.Task] = []
        self._stopping = False
        self._messages: list[Message] = []
        self._made = 0
        self.in_flight = 0  # Requests sent and not answered.
        self.pause_s = 0.0  # Of each connection, between two bursts.

    def start(self):
        self._tasks = [asyncio.create_task(self._send_on()) for _ in range(CONNECTIONS)]

    async def stop(self):
        """Returns when every request has its answer."""
        self._stopping = True
        await asyncio.gather(*self._tasks)

    async def reach(self, what: str, count: int):
        """Waits until the ledger's number called `what` has grown by `count`."""
        goal = getattr(self._ledger, what) + count
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while getattr(self._ledger, what) < goal:
            for task in self._tasks:
                if task.done():
                    task.result()  # Raises what ended it.
            if time.monotonic() > deadline:
                missing = goal - getattr(self._ledger, what)
                raise AssertionError(f"waited in vain for {missing} more {what}")
            await asyncio.sleep(0.005)

    async def send_again(self):
        """Sends every message with ids once more, each until it is acknowledged."""
        waiting = [message for message in self._messages if message.has_ids]
        self._rng.shuffle(waiting)
        await asyncio.gather(*(self._drain_queue(waiting) for _ in range(CONNECTIONS)))

    async def _drain_queue(self, waiting: list[Message]):
        client = Client(self._port)
        try:
            while waiting:
                burst = [waiting.pop() for _ in range(min(8, len(waiting)))]
                deadline = time.monotonic() + ANSWER_SECONDS_MAX
                while burst:
                    self._ledger.resent += sum(len(message.rows) for message in burst)
                    done = await self._send(client, burst)
                    burst = [message for message, ok in zip(burst, done, strict=True) if not ok]
                    if burst and time.monotonic() > deadline:
                        break
                    if burst:
                        await asyncio.sleep(0.02)
        finally:
            client.close()

    async def _send_on(self):
        client = Client(self._port)
        try:
            while not self._stopping:
                burst = [self._make() for _ in range(self._rng.choice([1, 1, 1, 2, 5]))]
                self._messages += burst
                for attempt in range(3):
                    done = await self._send(client, burst)
                    burst = [
                        message
                        for message, ok in zip(burst, done, strict=True)
                        if not ok and message.has_ids and self._rng.random() < 0.6
                    ]
                    if not all(done):
                        await asyncio.sleep(self._rng.uniform(0.005, 0.05))
                    if not burst or self._stopping or attempt == 2:
                        break
                    self._ledger.resent += sum(len(message.rows) for message in burst)
                if self.pause_s:
                    await asyncio.sleep(self.pause_s)
        finally:
            client.close()

    def _make(self) -> Message:
        rng = self._rng
        self._made += 1
        name = f"r{self._made}"
        shape = rng.random()
        count = 1 if shape < 0.7 else rng.randint(1, ROWS_MAX)
        with_ids = rng.random() < 0.75
        with_key = with_ids and rng.random() < 0.4
        rows = []
        for index in range(count):
            report = random_report(rng, MUNICIPALITIES)
            if with_ids:
                id_ = f"{name}#{index}" if with_key and shape >= 0.7 else name
                id_ = f"{name}.{index}" if not with_key and shape >= 0.7 else id_
                report = Report(*report.content, id_)
            else:
                serial = len(self._ledger.rows) * _SCATTER % _UNIQUE_TEMPERATURES
                temperature = round(serial / 10_000 - 60, 4)
                report = Report(report.municipality, temperature, report.humidity, report.weather)
            rows.append(Row(report))
            self._ledger.rows.append(rows[-1])
        return Message(rows, shape >= 0.7, name if with_key else None)

    async def _send(self, client: Client, burst: list[Message]) -> list[bool]:
        """Sends the messages in one write and notes the answers. True: all rows acknowledged."""
        data = b"".join(message.encode(self._rng) for message in burst)
        epoch, started = self._ledger.epoch, time.monotonic()
        self._ledger.requests += len(burst)
        self.in_flight += len(burst)
        try:
            answers = await client.exchange(data, len(burst))
        except TimeoutError:
            client.close()
            answers = []
            self._ledger.unexpected.append(f"no answer within {ANSWER_SECONDS_MAX} s")
        finally:
            self.in_flight -= len(burst)
        if answers:
            elapsed = time.monotonic() - started
            self._ledger.slowest_reply_s = max(self._ledger.slowest_reply_s, elapsed)
        done = []
        for position, message in enumerate(burst):
            answer = answers[position] if position < len(answers) else None
            outcomes = self._outcomes(message, answer)
            for row, outcome in zip(message.rows, outcomes, strict=True):
                self._ledger.note(row, outcome, epoch)
            done.append(all(outcome is Outcome.ACKNOWLEDGED for outcome in outcomes))
        return done

    def _outcomes(self, message: Message, answer: Answer | None) -> list[Outcome]:
        count = len(message.rows)
        if answer is None:
            return [Outcome.UNKNOWN] * count
        if answer.status == 200:
            document = answer.json()
            refused = {row["index"] for row in document.get("rejected", [])}
            if message.is_batch and document["accepted"] != count - len(refused):
                self._ledger.unexpected.append(f"{count} rows: {document}")
            for index in refused:
                self._ledger.key_invalid[message.rows[index].report.municipality] += 1
            return [
                Outcome.NOT_STORED if index in refused else Outcome.ACKNOWLEDGED
                for index in range(count)
            ]
        self._ledger.unavailable += answer.status == 503
        if answer.status in (500, 503):
            if answer.problem in PROBLEMS_NOT_STORED:
                if answer.problem == "store-key-invalid":
                    self._ledger.key_invalid.update(row.report.municipality for row in message.rows)
                return [Outcome.NOT_STORED] * count
            if answer.problem == "outcome-unknown":
                return [Outcome.UNKNOWN] * count
        self._ledger.unexpected.append(f"{answer.status} {answer.body[:300]!r}")
        return [Outcome.UNKNOWN] * count


async def get_json(port: int, target: str) -> dict:
    """One GET on a connection of its own."""
    client = Client(port)
    try:
        answers = await client.exchange(request("GET", target), 1)
        if not answers:
            raise ConnectionError(f"no answer to GET {target}")
        return answers[0].json()
    finally:
        client.close()
