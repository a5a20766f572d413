"""Prometheus in a container, with the scrape file and the rules as they are shipped: nothing is
shortened. Debian's is built without Kubernetes, so that its targets are fixed."""

import yaml
from lib.monitoring import PrometheusApi, fetch, with_fixed_targets
from lib.processes import wait_until

from containers.pods import Cluster

POD, PORT = "prometheus-0", 9090
ADMIN_PORT = 9081


class Watch(PrometheusApi):
    """Watches `servers`, by the names of their pods."""

    def __init__(self, cluster: Cluster, servers: tuple[str, ...], image: str, keep):
        def fixed(text: str) -> str:
            config = yaml.safe_load(text)
            targets = {name: f"{cluster.addresses[name]}:{ADMIN_PORT}" for name in servers}
            with_fixed_targets(config, {"chaac": targets})
            return yaml.safe_dump(config, sort_keys=False)

        cluster.edit("prometheus-config", "prometheus.yml", fixed)
        self.container = keep(
            cluster.pod("prometheus", POD).start(
                "prometheus",
                image,
                "--publish",
                f"127.0.0.1::{PORT}",
                # Before 3.0 this is how ${CHAAC_CLUSTER} is understood.
                program=("prometheus", "--enable-feature=expand-external-labels"),
            )  # fmt: skip
        )
        wait_until(self._ready, f"Prometheus is ready:\n{self.container.log()[-2000:]}", 60)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.container.port(PORT)}"

    def states(self, alert: str) -> dict[str, str]:
        """Of each of the alert's instances that is pending or firing, by pod."""
        return {
            found["labels"].get("pod", ""): found["state"]
            for found in self.alerts()
            if found["labels"]["alertname"] == alert
        }

    def _ready(self) -> bool:
        assert self.container.state()["Running"], self.container.log()
        try:
            fetch(f"http://{self.address}/-/ready")
        except OSError:
            return False
        return True
