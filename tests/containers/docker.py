"""The docker command line for tests, and containers as a deployment runs them: read-only, non-root,
without capabilities, limited. A container is removed by whoever made it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib.processes import wait_until

# What every container is started with; Kubernetes is told the same in its words.
_CONFINED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
NOBODY = "65532:65532"


@dataclass(frozen=True)
class Limits:
    """What one container may take of the machine."""

    memory_bytes: int = 512 * 2**20
    nano_cpus: int = 2 * 10**9
    processes: int = 64

    @property
    def options(self) -> tuple[str, ...]:
        memory = str(self.memory_bytes)
        cpus = f"{self.nano_cpus / 10**9:.3f}"
        return (
            *("--memory", memory, "--memory-swap", memory, "--cpus", cpus),
            *("--pids-limit", str(self.processes)),
        )


LIMITS = Limits()
HARDENED = (*_CONFINED, *LIMITS.options)


def docker(*words, check: bool = True, timeout_s: float = 300) -> str:
    """What docker prints; AssertionError with what it complains about."""
    command = ["docker", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stderr}"
    return done.stdout.strip()


class Container:
    """A container in the background, by its name."""

    def __init__(
        self,
        name: str,
        image: str,
        *command,
        options=(),
        user: str = NOBODY,
        limits: Limits = LIMITS,
    ):
        self.name, self.user, self.limits = name, user, limits
        confined = ("--user", user, *_CONFINED, *limits.options)
        docker("run", "--detach", "--name", name, *confined, *options, image, *command)

    def remove(self):
        docker("rm", "--force", "--volumes", self.name, check=False)

    def inspect(self) -> dict:
        return json.loads(docker("inspect", self.name))[0]

    def state(self) -> dict:
        return self.inspect()["State"]

    def health(self) -> str:
        return self.state()["Health"]["Status"]

    def wait_healthy(self):
        wait_until(lambda: self.health() == "healthy", f"{self.name} is healthy:\n{self.log()}", 60)

    def port(self, inside: int) -> int:
        """Where the port `inside` is published now: a start may choose another."""
        host, _, port = docker("port", self.name, f"{inside}/tcp").splitlines()[0].rpartition(":")
        assert host == "127.0.0.1", f"{self.name} is published on {host}"
        return int(port)

    def log(self) -> str:
        command = ["docker", "logs", self.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        docker("stop", "--time", "30", self.name)
        return self.state()["ExitCode"]

    def start(self):
        docker("start", self.name)

    def kill(self):
        """kill -9, and its network with it: nothing more is sent, not even by the kernel."""
        docker("kill", self.name)

    def run(self, *command, environment: dict[str, str] | None = None) -> str:
        """What a command in the container prints, complaints of its own included."""
        variables = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        return docker("exec", *variables, self.name, *command, check=False)

    def succeeds(self, *command) -> bool:
        done = subprocess.run(
            ["docker", "exec", self.name, *command], capture_output=True, timeout=60, check=False
        )
        return done.returncode == 0

    def status_of_process(self) -> dict[str, str]:
        """What the kernel says of the container's first process."""
        text = Path(f"/proc/{self.state()['Pid']}/status").read_text()
        return {
            name: value.strip()
            for name, _, value in (line.partition(":") for line in text.splitlines())
        }
