"""The docker command line for tests, and containers as a deployment runs them: read-only, non-root,
without capabilities, limited. A container is removed by whoever made it."""

import json
import subprocess
from pathlib import Path

from lib.processes import wait_until

# What every container of the system is started with; Kubernetes is told the same in its words.
HARDENED = (
    *("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--memory", "512m", "--memory-swap", "512m", "--cpus", "2", "--pids-limit", "64"),
)


def docker(*words, check: bool = True, timeout_s: float = 300) -> str:
    """What docker prints; AssertionError with what it complains about."""
    command = ["docker", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stderr}"
    return done.stdout.strip()


class Container:
    """A container in the background, by its name."""

    def __init__(self, name: str, image: str, *command, options=()):
        self.name = name
        docker("run", "--detach", "--name", name, *HARDENED, *options, image, *command)

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

    def status_of_process(self) -> dict[str, str]:
        """What the kernel says of the container's first process."""
        text = Path(f"/proc/{self.state()['Pid']}/status").read_text()
        return {
            name: value.strip()
            for name, _, value in (line.partition(":") for line in text.splitlines())
        }
