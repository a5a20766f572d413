"""Client ids: a repeat is acknowledged again and counted once, through any process."""

import threading

import pytest
from lib.model import differences, dump_store, stored_reports
from lib.wire import Connection, exchange, post

REPORT = {"municipality": "mixco", "temperature": 25, "weather": "sunny"}


@pytest.fixture(autouse=True)
def empty_store(store, server):
    store("FLUSHALL")


def stored_ids(store) -> list[str]:
    return sorted(row.id for rows in stored_reports(dump_store(store)).values() for row in rows)


def test_a_repeat_is_acknowledged_and_counted_once(server, store):
    first = exchange(server.port, post(REPORT | {"id": "a"}))
    again = exchange(server.port, post(REPORT | {"id": "a"}))
    assert first.json()["id"] == again.json()["id"] == "a"
    assert (first.status, again.status) == (200, 200)
    assert store("GET", "count:mixco") == "1"
    assert stored_ids(store) == ["a"]


def test_the_header_and_the_field_mean_the_same(server, store):
    assert exchange(server.port, post(REPORT, idempotency_key="k")).json()["id"] == "k"
    assert exchange(server.port, post(REPORT | {"id": "k"})).json()["id"] == "k"
    assert stored_ids(store) == ["k"]


def test_another_spelling_is_the_same_report(server, store):
    for body in (
        b'{"id":"s","municipality":"mixco","temperature":25,"weather":"sunny"}',
        b'{ "weather": "soleado", "temperature": 25.0, "municipality": "MIXCO", "id": "s" }',
        b'{"id":"\\u0073","municipality":1,"weather":1,"temperature":2.5e1,"other":[]}',
    ):
        assert exchange(server.port, post(body)).status == 200
    assert stored_ids(store) == ["s"]


@pytest.mark.parametrize(
    "change",
    [{"temperature": 25.1}, {"municipality": "chinautla"}, {"weather": "rainy"}, {"humidity": 1}],
)
def test_the_same_id_for_another_report_is_refused(server, nothing_stored, change):
    assert exchange(server.port, post(REPORT | {"id": "a"})).status == 200
    with nothing_stored():
        answer = exchange(server.port, post(REPORT | change | {"id": "a"}))
    assert (answer.status, answer.problem) == (422, "id-conflict")
    assert "a" in answer.detail


@pytest.mark.parametrize("ndjson", [False, True])
def test_a_key_of_a_batch_names_its_rows(server, store, ndjson):
    rows = [REPORT | {"temperature": t} for t in (1, 2, 3)]
    body = b'{"temperature":%d,"municipality":"mixco","weather":"sunny"}'
    lines = b"\n".join(body % t for t in (1, 2, 3))
    as_ndjson = post(lines, content_type="application/x-ndjson", idempotency_key="b")
    data = as_ndjson if ndjson else post(rows, idempotency_key="b")
    for _ in range(2):
        document = exchange(server.port, data).json()
        assert (document["accepted"], document["rejected"]) == (3, [])
        assert (document["first_id"], document["last_id"]) == ("b#0", "b#2")
    assert stored_ids(store) == ["b#0", "b#1", "b#2"]
    assert store("GET", "count:mixco") == "3"


def test_a_batch_that_overlaps_counts_only_what_is_new(server, store):
    rows = [REPORT | {"temperature": t, "id": f"o{t}"} for t in range(10)]
    assert exchange(server.port, post(rows[:6])).json()["accepted"] == 6
    assert exchange(server.port, post(rows[3:])).json()["accepted"] == 7
    assert stored_ids(store) == sorted(f"o{t}" for t in range(10))
    assert differences(dump_store(store)) == []


def test_a_repeat_within_one_batch_counts_once(server, store):
    document = exchange(server.port, post([REPORT | {"id": "a"}] * 3 + [REPORT])).json()
    assert document["accepted"] == 4
    assert store("GET", "count:mixco") == "2"


def test_a_conflict_within_one_batch_is_refused_alone(server, store):
    rows = [REPORT | {"id": "a"}, REPORT | {"id": "a", "temperature": 1}, REPORT | {"id": "b"}]
    document = exchange(server.port, post(rows)).json()
    assert document["accepted"] == 2
    assert [row["index"] for row in document["rejected"]] == [1]
    assert stored_ids(store) == ["a", "b"]


def test_a_conflict_with_the_store_is_refused_alone(server, store):
    assert exchange(server.port, post(REPORT | {"id": "b", "temperature": 9})).status == 200
    rows = [REPORT | {"id": "a"}, REPORT | {"id": "b"}, REPORT]
    document = exchange(server.port, post(rows)).json()
    assert document["accepted"] == 2
    assert [row["index"] for row in document["rejected"]] == [1]
    assert document["rejected"][0]["type"].endswith("id-conflict")
    assert store("GET", "count:mixco") == "3"
    assert differences(dump_store(store)) == []


def test_repeats_in_one_pipeline_join_one_commit(connection, store):
    connection.send(post(REPORT | {"id": "p"}) * 50)
    assert [connection.read().json()["id"] for _ in range(50)] == ["p"] * 50
    assert stored_ids(store) == ["p"]


def test_a_conflict_in_one_pipeline(connection, store):
    connection.send(post(REPORT | {"id": "p"}) + post(REPORT | {"id": "p", "temperature": 1}))
    assert [connection.read().status for _ in range(2)] == [200, 422]
    assert store("GET", "count:mixco") == "1"


def test_across_two_processes_at_once(server, start_server, store):
    """Sixteen clients send the same hundred reports through two processes, all at the same time."""
    other = start_server("--loops", "2")
    failures = []

    def send(port: int):
        with Connection(port) as connection:
            for start in range(0, 100, 10):
                ids = [f"x{i}" for i in range(start, start + 10)]
                connection.send(b"".join(post(REPORT | {"id": id_}) for id_ in ids))
                answers = [connection.read() for _ in ids]
                failures.extend(a for a in answers if a.status != 200)

    threads = [
        threading.Thread(target=send, args=(port,)) for port in (server.port, other.port) * 8
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert stored_ids(store) == sorted(f"x{i}" for i in range(100))
    assert store("GET", "count:mixco") == "100"
    assert differences(dump_store(store)) == []


def test_across_processes_a_conflict_is_found(server, start_server):
    other = start_server()
    assert exchange(server.port, post(REPORT | {"id": "a"})).status == 200
    assert exchange(other.port, post(REPORT | {"id": "a"})).status == 200
    assert (
        exchange(other.port, post(REPORT | {"id": "a", "temperature": 1})).problem == "id-conflict"
    )


@pytest.mark.parametrize("end", ["terminate", "kill"])
def test_across_a_restart(start_server, store, end):
    server = start_server()
    assert exchange(server.port, post(REPORT | {"id": "a"})).status == 200
    own = exchange(server.port, post(REPORT)).json()["id"]
    getattr(server, end)()
    server.start()
    assert exchange(server.port, post(REPORT | {"id": "a"})).status == 200
    assert exchange(server.port, post(REPORT | {"id": "a", "temperature": 1})).status == 422
    new = exchange(server.port, post(REPORT)).json()["id"]
    assert own != new and int(own[6:]) < int(new[6:])
    assert store("GET", "count:mixco") == "3"


def test_a_full_window_refuses_new_ids_only(start_server, store):
    server = start_server("--client-ids-max", "5")
    rows = [REPORT | {"id": f"w{i}"} for i in range(5)]
    assert exchange(server.port, post(rows)).json()["accepted"] == 5
    answer = exchange(server.port, post(REPORT | {"id": "w5"}))
    assert (answer.status, answer.problem) == (503, "id-window-full")
    assert exchange(server.port, post(rows)).json()["accepted"] == 5  # Known ones: repeats.
    assert exchange(server.port, post(REPORT)).status == 200  # No id: nothing to remember.
    assert store("GET", "count:mixco") == "6"
    assert differences(dump_store(store)) == []
