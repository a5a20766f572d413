"""Fixtures of the end-to-end tests: one Valkey and one server a module."""

import contextlib

import pytest
from lib.model import dump_store
from lib.processes import Server, Valkey
from lib.wire import Connection


@pytest.fixture(scope="module")
def server_flags():
    """Flags of the module's server; a module that needs others overrides this. Lists are long, so
    that the reference, which is computed from them, knows every report."""
    return ("--loops", "2", "--list-length-max", "100000")


@pytest.fixture(scope="module")
def server(module_folder, valkey, server_flags):
    server = Server(module_folder, valkey.url, *server_flags).start()
    yield server
    server.require_running()
    assert server.terminate() == 0, server.log()


@pytest.fixture
def store(valkey):
    with valkey.client() as client:
        yield client


@pytest.fixture
def connection(server):
    with Connection(server.port) as connection:
        yield connection


@pytest.fixture
def start_server(folder, valkey):
    """Starts further servers on the module's Valkey; they are killed after the test."""
    servers = []

    def start(*flags: str, **options) -> Server:
        server = Server(folder / str(len(servers)), valkey.url, *flags, **options)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def own_valkey(folder):
    """A Valkey of the test's own, to be broken at will."""
    valkey = Valkey(folder).start()
    yield valkey
    valkey.kill()


def contents(store) -> dict:
    """The store without what servers write by themselves: fences of writers, leases of ids."""
    own = ("chaac:fence:", "chaac:ids", "chaac:schema")
    return {key: value for key, value in dump_store(store).items() if not key.startswith(own)}


@pytest.fixture
def nothing_stored(store):
    """A context in which no report, no counter and no remembered id may change."""

    @contextlib.contextmanager
    def check():
        before = contents(store)
        yield
        assert contents(store) == before

    return check
