"""script/bootstrap on machines of many kinds: this one's files under an overlay, seen by a private
mount namespace, with stand-ins for apt and dpkg that install nothing but a service's links."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lib.processes import REPOSITORY

BOOTSTRAP = REPOSITORY / "script" / "bootstrap"
TIMEOUT_S = 60  # Above any run of these, which take a second; reached by a failure alone.
BACKPORTS = "etc/apt/sources.list.d/chaac-bookworm-backports.sources"
POLICY = "usr/sbin/policy-rc.d"
WANTS = "etc/systemd/system/multi-user.target.wants"
# What this machine may have of its own, and a machine under test has only if a test writes it.
ABSENT = (POLICY, BACKPORTS)

# What each stand-in finds installed or available is in files, which a test may write.
NOTHING_INSTALLED = "#!/bin/sh\nexit 1\n"
APT_CACHE = f"""\
#!/bin/sh
shift
for name; do
  case $name in
    valkey-*) test -e /etc/valkey-exists || grep -qs VALKEY /{BACKPORTS} || continue ;;
  esac
  test -e /etc/no-network || printf '%s:\\n  Installed: (none)\\n  Candidate: 1.0\\n' "$name"
done
"""
APT_GET = f"""\
#!/bin/sh
case "$*" in
  indextargets*) echo Debian bookworm main http://mirror.example/debian/ /etc/apt/sources.list:1 ;;
  *update)
    test ! -e /etc/no-network || echo "W: Temporary failure resolving 'mirror.example'"
    test ! -e /etc/mirror-has-valkey || ! test -e /{BACKPORTS} || echo '# VALKEY' >>/{BACKPORTS}
    ;;
  *install*)
    echo "$@" >/etc/installed
    /{POLICY} valkey-server start; echo "policy $?" >/etc/policy-asked
    ln -s /lib/systemd/system/example.service /{WANTS}/example.service
    ln -s /lib/systemd/system/example.service /etc/systemd/system/alias.service
    test ! -e /etc/interrupt || kill -INT $PPID
    ;;
esac
"""


class Machine:
    """Files over this machine's own; run() executes a command among them."""

    def __init__(self, folder: Path, distribution: tuple[str, str]):
        self._before = folder / "before"
        self.after = folder / "after"  # What has changed once a command has run.
        self._scratch = folder / "scratch"
        for part in (self._before, self._scratch):
            part.mkdir()
        name, codename = distribution
        self.write("etc/os-release", f"ID={name}\nVERSION_CODENAME={codename}\n")
        self.write(
            "etc/apt/sources.list", "deb [signed-by=/keys/mirror.gpg] http://mirror.example x\n"
        )
        self.write("etc/policy-asked", "")
        self.write(f"{WANTS}/before.service", "")
        for program, text in {"dpkg-query": NOTHING_INSTALLED, "apt-cache": APT_CACHE,
                              "apt-get": APT_GET, "dpkg": "#!/bin/sh\n"}.items():  # fmt: skip
            self.write(f"usr/bin/{program}", text, mode=0o755)

    def write(self, path: str, text: str = "", mode: int = 0o644) -> None:
        file = self._before / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def bootstrap(self, *arguments: str, prefix: str = "") -> subprocess.CompletedProcess:
        shutil.rmtree(self.after, ignore_errors=True)
        script = """
            set -e
            mount -t tmpfs tmpfs "$1"
            mkdir "$1/upper" "$1/work" "$1/root"
            for path in $5; do
              mkdir -p "$1/upper/${path%/*}"
              mknod "$1/upper/$path" c 0 0  # How an overlay marks a deleted file.
            done
            cp -a --remove-destination "$2/." "$1/upper/"
            mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
            mount --rbind /dev "$1/root/dev"
            mount --rbind /proc "$1/root/proc"
            status=0
            chroot "$1/root" bash -c "$4" || status=$?
            cp -a "$1/upper" "$3"
            exit $status
        """
        command = " ".join(part for part in (prefix, str(BOOTSTRAP), *arguments) if part)
        return subprocess.run(
            ["unshare", "--mount", "bash", "-c", script, "machine", self._scratch, self._before,
             self.after, command, " ".join(ABSENT)],
            capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip

    def lacks(self, path: str) -> bool:
        file = self.after / path
        return not file.is_symlink() and not file.is_file()  # A deleted file is a device node here.

    def installed(self) -> list[str]:
        return (self.after / "etc/installed").read_text().split()


def can_overlay() -> bool:
    probe = (
        "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w"
        " && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt"
    )
    command = ["unshare", "--mount", "sh", "-c", probe]
    return os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0


@pytest.fixture(scope="module")
def overlays():
    if not can_overlay():
        pytest.skip("needs root and the right to mount an overlay")


@pytest.fixture(params=[("debian", "trixie"), ("ubuntu", "noble"), ("debian", "bookworm")],
                ids=lambda distribution: distribution[1])  # fmt: skip
def machine(overlays, folder, request):
    machine = Machine(folder, request.param)
    machine.write("etc/valkey-exists")
    return machine


@pytest.fixture
def bookworm(overlays, folder):
    return Machine(folder, ("debian", "bookworm"))


def test_services_are_neither_started_nor_left_enabled(machine):
    done = machine.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (machine.after / "etc/policy-asked").read_text() == "policy 101\n"
    assert machine.lacks(POLICY)
    assert machine.lacks(f"{WANTS}/example.service")
    assert machine.lacks("etc/systemd/system/alias.service")
    assert (machine.after / WANTS / "before.service").exists()
    assert "left disabled and not running, as Chaac starts its own: example." in done.stdout


def test_takes_the_packages_of_each_distribution(machine):
    machine.bootstrap("--for", "server")
    boost = {name for name in machine.installed() if "boost" in name}
    codename = (machine.after / "etc/os-release").read_text().partition("CODENAME=")[2].strip()
    assert boost == {"libboost1.81-dev" if codename == "bookworm" else "libboost-dev"}
    assert "valkey-server" in machine.installed()
    assert "valgrind" not in machine.installed()


def test_takes_chromium_where_it_is_a_package(machine):
    machine.bootstrap("--for", "test")
    codename = (machine.after / "etc/os-release").read_text().partition("CODENAME=")[2].strip()
    assert ("chromium" in machine.installed()) == (codename != "noble")


def test_a_policy_of_the_machine_comes_back(machine):
    machine.write(POLICY, "#!/bin/sh\n# the administrator's\nexit 0\n", mode=0o755)
    assert machine.bootstrap().returncode == 0
    assert (machine.after / "etc/policy-asked").read_text() == "policy 101\n"
    assert "the administrator's" in (machine.after / POLICY).read_text()


def test_ctrl_c_leaves_nothing_behind(machine):
    machine.write("etc/interrupt")
    done = machine.bootstrap()
    assert done.returncode == 130, done.stdout + done.stderr
    assert machine.lacks(POLICY)
    assert machine.lacks(f"{WANTS}/example.service")


def test_debian_12_takes_valkey_from_the_backports_of_its_own_mirror(bookworm):
    bookworm.write("etc/mirror-has-valkey")
    done = bookworm.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"adding that package source, /{BACKPORTS}" in done.stdout
    source = (bookworm.after / BACKPORTS).read_text()
    assert "URIs: http://mirror.example/debian/\nSuites: bookworm-backports\n" in source
    assert "Signed-By: /keys/mirror.gpg\n" in source
    assert "valkey-server" in bookworm.installed()


def test_without_any_valkey_package_redis_serves(bookworm):
    done = bookworm.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "installing Redis, which speaks the same protocol" in done.stdout
    assert bookworm.lacks(BACKPORTS)
    assert "redis-server" in bookworm.installed()
    assert "valkey-server" not in bookworm.installed()


def test_explains_that_the_network_is_away(machine):
    machine.write("etc/no-network")
    done = machine.bootstrap()
    assert done.returncode == 1
    assert "the package servers cannot be reached" in done.stderr
    assert machine.lacks(BACKPORTS)


@pytest.mark.parametrize(
    "distribution", [("fedora", ""), ("debian", "bullseye"), ("ubuntu", "jammy")]
)
def test_explains_that_a_distribution_is_not_supported(overlays, folder, distribution):
    done = Machine(folder, distribution).bootstrap()
    assert done.returncode == 1
    assert "not Debian 12, Debian 13 or Ubuntu 24.04" in done.stderr
    assert "CHAAC_SKIP_PACKAGES=1" in done.stderr


def test_explains_that_it_needs_root(machine):
    var = REPOSITORY / "var"
    prepare = f"rm -f /usr/bin/sudo; chown nobody {var} {var}/log {var}/bootstrap.lock;"
    done = machine.bootstrap(prefix=f"{prepare} setpriv --reuid=nobody --clear-groups")
    assert done.returncode == 1
    assert "needs root, and there is no sudo" in done.stderr


def test_does_nothing_when_nothing_is_missing():
    done = subprocess.run(
        [BOOTSTRAP], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_refuses_wrong_options():
    done = subprocess.run([BOOTSTRAP, "--for", "fun"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    allowed = "server, test, bench, monitoring, containers, deploy or kubectl"
    assert f'--for takes {allowed}, not "fun"' in done.stderr
