"""Which port is free, and that a reserved one stays so. In a network of their own, which has few
ports to give away: whoever asks for any port often enough is given each of them."""

import os
import subprocess
import sys

import pytest
from lib.processes import REPOSITORY

PORTS = 64
PREPARE = f"""
import fcntl, socket, struct, sys
from pathlib import Path
sys.path[:0] = ["{REPOSITORY}/tests", "{REPOSITORY}/script/lib"]
import ports
from lib.ports import ReservedPort
from lib.processes import Server, Valkey, wait_until

OTHER = "10.9.9.9"  # Another address of this machine.
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1  # By hand: not every machine has ip(8).
other = struct.pack("HH4s", socket.AF_INET, 0, socket.inet_aton(OTHER))
for name, request, value in [
    (b"lo", SIOCSIFFLAGS, struct.pack("H", IFF_UP)),
    (b"lo:1", SIOCSIFADDR, other),
]:
    fcntl.ioctl(socket.socket(), request, struct.pack("16s16s", name, value))
Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("40000 {39999 + PORTS}")
target = socket.create_server(("", 20000), backlog={2 * PORTS})

def listening():
    return socket.create_server(("127.0.0.1", 0))

def connected(address="127.0.0.1"):
    client = socket.create_connection((address, 20000))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert client.getsockname()[0] == address
    return client

def number(held):
    return held.getsockname()[1]

def as_many_as_there_are(ask, *arguments):
    held = []
    while True:
        try:
            held.append(ask(*arguments))
        except OSError:
            return held
"""


def in_a_small_network(code: str) -> None:
    become_root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *become_root, "--net", sys.executable, "-c", PREPARE + code],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("ask", ["listening", "connected"])
def test_a_reserved_port_is_given_to_nobody(ask):
    in_a_small_network(f"""
port = ReservedPort()
others = as_many_as_there_are({ask})
assert len(others) > {PORTS * 3 // 4}, len(others)
assert port.number not in map(number, others)
""")


def test_a_port_is_not_reserved_while_another_address_uses_it():
    """A server that listens on all addresses could not have it."""
    in_a_small_network("""
clients = as_many_as_there_are(connected, OTHER)
reserved = as_many_as_there_are(ReservedPort)
assert not {port.number for port in reserved} & set(map(number, clients))
""")


def test_a_connection_of_another_address_does_not_take_a_port():
    in_a_small_network("""
client = connected(OTHER)
assert ports.is_free(number(client))
server = socket.create_server(("127.0.0.1", number(client)))
assert not ports.is_free(number(client))
""")


def test_servers_listen_on_reserved_ports_also_after_a_restart(folder):
    in_a_small_network(f"""
reserved = ReservedPort()
port = reserved.number
store = Valkey(Path("{folder}/store"), "--bind", "127.0.0.1", "--port", str(port))
server = Server(Path("{folder}/server"), f"valkey://127.0.0.1:{{port}}")
for times in (1, 2):
    others = as_many_as_there_are(connected)
    assert not {{port, server.port, server.admin_port}} & set(map(number, others))
    for client in others:
        client.close()
    store.start()
    server.launch()
    wait_until(lambda: server.log().count('"serving"') == times, "the server listens")
    store.kill()
    server.kill()
""")
