"""Configuration: its sources and their order, and wrong values, explained with status 2."""

import re
import socket
import subprocess

import pytest
from lib.ports import ReservedPort
from lib.processes import (
    BINARY,
    REPOSITORY,
    Server,
    Valkey,
    clean_environment,
    wait_until,
)
from lib.wire import exchange, get, post

REPORT = {"municipality": "mixco", "temperature": 25}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs the binary to its end."""
    return subprocess.run(
        [BINARY, *arguments],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


WRONG = [
    ("--port", "0x50", "65535"),
    ("--port", "65536", "65535"),
    ("--port", "-1", "65535"),
    ("--port", "", "65535"),
    ("--admin-port", "x", "65535"),
    ("--listen-host", "localhost!", "address"),
    ("--loops", "257", "256"),
    ("--loops", "1.5", "256"),
    ("--store-reply-timeout-ms", "2s", "60000"),
    ("--queue-reports-max", "0", "1"),
    ("--body-bytes-max", "4MiB", "1024"),
    ("--list-length-max", "0", "1"),
    ("--client-ids-max", "many", "1"),
    ("--rows-max", "99999999", "20000"),
    ("--data-ttl-s", "1", "120"),
    ("--municipalities", "/nonexistent.csv", "open"),
    ("--conditions", "sunny,Very Cold!", ""),
    ("--conditions", "", ""),
    ("--notice", "two\tcolumns", "200"),
    ("--log-level", "loud", "warning"),
    ("--log-format", "xml", "json"),
    ("--config", "/nonexistent.conf", ""),
    ("--valkey-password", "***", "the password itself"),
]


@pytest.mark.parametrize(("flag", "value", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(flag, value, allowed):
    done = run("serve", "--port", "0", "--admin-port", "0", flag, value)
    assert done.returncode == 2, done
    assert flag.removeprefix("--") in done.stderr
    assert value.replace("\t", "?") in done.stderr
    assert allowed in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 3, done.stderr


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://:hunter2@127.0.0.1:6379", "valkey"),
        ("valkey://:hunter2@127.0.0.1:99999", "65535"),
        ("hunter2", "valkey"),
        ("unix://", "path"),
    ],
)
def test_a_wrong_url_is_explained_without_its_secret(url, allowed):
    done = run("serve", "--valkey-url", url)
    assert done.returncode == 2
    assert "--valkey-url" in done.stderr and allowed in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (("--queue-reports-max", "5"), ("rows-max", "queue-reports-max")),
        (("--drain-timeout-ms", "100"), ("store-reply-timeout-ms", "drain-timeout-ms")),
    ],
)
def test_limits_that_contradict_each_other_are_named(flags, names):
    done = run("serve", *flags)
    assert done.returncode == 2
    assert all(name in done.stderr for name in names)
    assert flags[1] in done.stderr


def test_a_wrong_variable_is_named():
    done = run("serve", CHAAC_LOOPS="many")
    assert done.returncode == 2
    assert "CHAAC_LOOPS" in done.stderr and "many" in done.stderr


@pytest.mark.parametrize("arguments", [["serve", "--prot", "1"], ["sevre"], ["serve", "extra"], []])
def test_a_wrong_command_line_is_explained(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert arguments == [] or arguments[-1] in done.stderr or "--prot" in done.stderr
    assert "serve" in done.stderr + done.stdout


def test_help_and_version():
    assert "serve" in run("--help").stdout
    assert "--queue-reports-max" in run("serve", "--help").stdout
    version = run("--version")
    assert version.returncode == 0 and version.stdout.strip()


def effective(*arguments: str, **environment: str) -> str:
    done = run("config", *arguments, **environment)
    assert done.returncode == 0, done
    return done.stdout


def has(text: str, name: str, value: str) -> bool:
    """Whether a line of the configuration gives `name` this value."""
    return any(name in line and value in line for line in text.splitlines())


def test_flags_beat_variables_and_these_beat_the_file(folder):
    file = folder / "chaac.conf"
    file.write_text("rows-max = 11\nclient-ids-max = 22\nloops = 3\n")
    environment = {"CHAAC_CLIENT_IDS_MAX": "33", "CHAAC_LOOPS": "4"}
    shown = effective("--config", str(file), "--loops", "5", **environment)
    assert has(shown, "rows-max", "11")
    assert has(shown, "client-ids-max", "33")
    assert has(shown, "loops", "5")


def test_a_wrong_line_of_the_file_is_named(folder):
    file = folder / "chaac.conf"
    file.write_text("loops = 1\nrows-max = many\n")
    done = run("serve", "--config", str(file))
    assert done.returncode == 2
    assert "rows-max" in done.stderr and "many" in done.stderr and str(file) in done.stderr


def test_secrets_are_hidden(folder):
    file = folder / "password"
    file.write_text("hunter3\n")
    for shown in (
        effective("--valkey-url", "valkey://user:hunter2@127.0.0.1:6379"),
        effective(CHAAC_VALKEY_PASSWORD="hunter2"),
        effective("--valkey-password-file", str(file)),
    ):
        assert "hunter" not in shown


@pytest.fixture
def tcp_valkey(folder):
    """A Valkey that also listens on TCP, as the original deployment's did."""
    port = ReservedPort()
    valkey = Valkey(folder, "--port", str(port.number), "--bind", "127.0.0.1").start()
    valkey.tcp_port = port.number
    yield valkey
    valkey.kill()


@pytest.mark.parametrize("style", ["original", "url", "own", "flags"])
def test_the_store_is_found_from_the_environment(folder, tcp_valkey, style):
    port = str(tcp_valkey.tcp_port)
    server = Server(folder / "server", "unused")
    listening = str(server.port)
    environment = {
        "original": {"PORT": listening, "REDIS_HOST": "127.0.0.1", "REDIS_PORT": port},
        "url": {"PORT": listening, "VALKEY_URL": f"redis://localhost:{port}"},
        "own": {
            # The stronger names win.
            "CHAAC_PORT": listening,
            "PORT": "1",
            "VALKEY_URL": "valkey://127.0.0.1:1",
            "CHAAC_VALKEY_URL": f"valkey://127.0.0.1:{port}",
        },
        "flags": {"CHAAC_PORT": "1", "CHAAC_VALKEY_URL": "valkey://127.0.0.1:1"},
    }[style]
    command = [BINARY, "serve", "--listen-host", "127.0.0.1", "--admin-port", server.admin_port]
    if style == "flags":
        command += ["--port", listening, "--valkey-url", f"valkey://127.0.0.1:{port}"]
    server.command = command
    server._environment = clean_environment() | environment
    try:
        server.start()
        assert exchange(server.port, post(REPORT)).status == 200
    finally:
        server.kill()
    with tcp_valkey.client() as store:
        assert store("GET", "count:mixco") == "1"


def test_a_password_reaches_the_store(folder):
    valkey = Valkey(folder).start()
    with valkey.client() as admin:
        admin("CONFIG", "SET", "requirepass", "s3cret")
        file = folder / "password"
        file.write_text("s3cret\n")
        server = Server(folder / "server", valkey.url, "--valkey-password-file", str(file))
        try:
            server.start()
            assert exchange(server.port, post(REPORT)).status == 200
            assert "s3cret" not in server.log()
        finally:
            server.kill()
            valkey.kill()


def test_certificates_that_cannot_be_read_are_refused():
    flags = ("--valkey-url", "valkeys://127.0.0.1", "--valkey-ca-file", "/nonexistent.pem")
    done = run("serve", "--port", "0", "--admin-port", "0", *flags)
    assert done.returncode == 2
    assert "--valkey-ca-file" in done.stderr and "/nonexistent.pem" in done.stderr
    assert "PEM" in done.stderr


def test_a_printed_configuration_is_one_that_serves(folder, own_valkey):
    with own_valkey.client() as admin:
        admin("CONFIG", "SET", "requirepass", "s3cret")
    password = folder / "password"
    password.write_text("s3cret\n")
    server = Server(folder / "server", "unused")
    flags = ("--listen-host", "127.0.0.1", "--port", str(server.port))
    admin_port = ("--admin-port", str(server.admin_port))
    url = own_valkey.url.replace("unix://", "unix://:s3cret@")
    for secret, rest in (
        (("--valkey-url", own_valkey.url, "--valkey-password-file", str(password)), {}),
        (("--valkey-url", url), {"CHAAC_VALKEY_PASSWORD": "s3cret"}),
    ):
        file = folder / "printed.toml"
        file.write_text(effective(*flags, *admin_port, *secret))
        assert "s3cret" not in file.read_text()
        server.command = [BINARY, "serve", "--config", str(file)]
        server._environment = clean_environment() | rest
        server.start()
        assert exchange(server.port, post(REPORT)).status == 200
        server.kill()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_a_store_that_may_evict_is_refused(folder, own_valkey, policy):
    with own_valkey.client() as store:
        store("CONFIG", "SET", "maxmemory-policy", policy)
    server = Server(folder / "server", own_valkey.url)
    server.launch()
    assert server.process.wait(30) != 0
    assert policy in server.log()
    assert "noeviction" in server.log()


def ipv6_loopback() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_health_asks_where_the_admin_port_listens(start_server, host):
    if ":" in host and not ipv6_loopback():
        pytest.skip("this machine has no IPv6 loopback")
    server = start_server("--admin-host", host)
    for question in ([], ["--ready"]):
        done = run(
            "health", "--admin-host", host, "--admin-port", str(server.admin_port), *question
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("{")


def test_a_port_in_use_is_explained(folder, server, valkey):
    second = Server(folder, valkey.url)
    for taken in (("--port", server.port), ("--admin-port", server.admin_port)):
        second.command += taken
        second.launch()
        assert second.process.wait(30) == 1
        assert str(taken[1]) in second.log()
        second.command = second.command[:-2]


def test_without_a_store_the_server_starts_and_recovers_by_itself(folder):
    valkey = Valkey(folder)
    server = Server(folder / "server", valkey.url, "--store-reply-timeout-ms", "200")
    server.launch()
    try:
        wait_until(lambda: health(server) == 200, "the server answers")
        assert get(server.port, "/ready").status == 503
        answer = exchange(server.port, post(REPORT))
        assert (answer.status, answer.problem) == (503, "not-committed")
        assert get(server.port, "/stats").status == 503
        valkey.start()
        server.wait_ready()
        assert exchange(server.port, post(REPORT)).status == 200
        with valkey.client() as store:
            assert store("GET", "count:mixco") == "1"
    finally:
        server.kill()
        valkey.kill()


def health(server: Server) -> int | None:
    server.require_running()
    try:
        return get(server.port, "/health").status
    except OSError:
        return None


def test_open_mode_takes_any_name_up_to_the_limit(start_server, store):
    server = start_server("--municipalities", "open", "--municipalities-max", "3", "--loops", "1")
    before = int(store("SCARD", "chaac:municipalities"))
    for name in ("Reykjavík", "Praha 1", "REYKJAVIK")[: 3 - before]:
        assert exchange(server.port, post(REPORT | {"municipality": name})).status == 200
    assert store("GET", "count:reykjavik")
    answers = [exchange(server.port, post(REPORT | {"municipality": f"m{i}"})) for i in range(9)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused and {answer.problem for answer in refused} == {"municipality-limit"}
    assert int(store("SCARD", "chaac:municipalities")) <= 3


def test_a_catalogue_of_ones_own(folder, start_server):
    file = folder / "places.csv"
    file.write_text(
        "code,slug,name,department,department_slug,lat,lon\n"
        "1,hvar,Hvar,Dalmacija,dalmacija,43.17,16.44\n"
    )
    server = start_server("--municipalities", str(file), "--conditions", "bura,jugo")
    good = {"municipality": "HVAR", "weather": "bura"}
    assert exchange(server.port, post(good)).status == 200
    assert exchange(server.port, post(good | {"municipality": "mixco"})).status == 422
    assert exchange(server.port, post(good | {"weather": "sunny"})).json()["allowed"] == [
        "bura",
        "jugo",
    ]


def test_the_documents_tables_are_renewed_as_contributing_says(tmp_path):
    """The commands bring back tables that were changed, and leave the introduction alone."""
    contributing = (REPOSITORY / "CONTRIBUTING.md").read_text()
    [commands] = re.findall(r"```sh\n([^`]*>+ docs/configuration\.md\n)", contributing)
    committed = (REPOSITORY / "docs/configuration.md").read_text()
    document = tmp_path / "docs/configuration.md"
    document.parent.mkdir()
    document.write_text(committed.replace("`8081`", "`8082`"))
    assert document.read_text() != committed
    program = tmp_path / "build/release/chaac"
    program.parent.mkdir(parents=True)
    program.symlink_to(BINARY.resolve())
    environment = clean_environment()
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, env=environment, check=True, timeout=30)
    assert document.read_text() == committed
