"""What a kubelet does, for Docker: pods of the rendered manifests become containers, with the
command, the environment, the files, the user and the limits that the manifests give them.

Names of pods are in /etc/hosts: as in a cluster's DNS they stay while a container restarts."""

import secrets
from pathlib import Path

from deploy.rules import of_kind
from deploy.tools import objects

from containers.docker import Container, Limits, docker

OVERLAY = "production"
PASSWORDS = ("loader", "chaac", "reader", "operator", "exporter", "replica", "sentinel")
_FILE_MODE = 0o444  # Whatever user a pod has reads it: the folder above is the test's own.


class Cluster:
    """The overlay's objects, the Secrets that nobody has written down, and where pods have their
    addresses. Not thread-safe."""

    def __init__(self, name: str, folder: Path, network: str):
        self.name = name
        self.objects = objects(OVERLAY)
        self.passwords = {user: secrets.token_hex(16) for user in PASSWORDS}
        self.secrets: dict[str, dict[str, bytes]] = {
            "valkey-passwords": {u: p.encode() for u, p in self.passwords.items()}
        }
        self.addresses: dict[str, str] = {}  # By host name, as "172.31.199.50".
        self.volumes: set[str] = set()
        self._folder = folder / "pods"
        self._network = network

    def certificate(self, name: str) -> dict:
        """What cert-manager is asked for."""
        return self._named("Certificate", name)["spec"]

    def pod(self, workload: str, name: str) -> "Pod":
        """A pod of the Deployment or StatefulSet `workload`. REQUIRES: its name has an address."""
        for kind in ("StatefulSet", "Deployment"):
            for item in of_kind(self.objects, kind):
                if item["metadata"]["name"] == workload:
                    return Pod(self, name, item["spec"]["template"]["spec"])
        raise AssertionError(f"{OVERLAY} has no workload {workload}")

    def edit(self, config_map: str, key: str, change):
        """Gives a file of a ConfigMap another content, before pods mount it."""
        for item in of_kind(self.objects, "ConfigMap"):
            # Its name ends in a digest.
            if item["metadata"]["name"].rpartition("-")[0] == config_map:
                item["data"][key] = change(item["data"][key])
                return
        raise AssertionError(f"{OVERLAY} has no ConfigMap {config_map}")

    def network_options(self, pod: str) -> tuple[str, ...]:
        """An address of its own, and everybody's names."""
        (address,) = {a for host, a in self.addresses.items() if host.split(".")[0] == pod}
        hosts = [w for h, a in self.addresses.items() for w in ("--add-host", f"{h}:{a}")]
        return ("--network", self._network, "--ip", address, *hosts)

    def write_volume(self, pod: str, volume: dict) -> Path:
        """The files of a volume that Kubernetes fills, in a folder to be mounted."""
        folder = self._folder / pod / volume["name"]
        projected = volume.get("projected", {}).get("sources")
        for source in projected or [volume]:
            for path, content in self._files(source):
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                file.chmod(_FILE_MODE)
        return folder

    def remove_volumes(self):
        for volume in self.volumes:
            docker("volume", "rm", volume, check=False)

    def _files(self, source: dict):
        if "secret" in source:
            reference = source["secret"]
            data = self.secrets[reference.get("secretName") or reference["name"]]
        else:
            reference = source["configMap"]
            texts = self._named("ConfigMap", reference["name"])["data"]
            data = {key: text.encode() for key, text in texts.items()}
        for item in reference.get("items") or [{"key": key, "path": key} for key in data]:
            yield item["path"], data[item["key"]]

    def _named(self, kind: str, name: str) -> dict:
        return next(o for o in of_kind(self.objects, kind) if o["metadata"]["name"] == name)


class Pod:
    """One pod. Its containers are started one by one, by their names in the manifest."""

    def __init__(self, cluster: Cluster, name: str, spec: dict):
        self._cluster = cluster
        self.name = name
        self._spec = spec
        self._volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}

    def options(self, container: str, **environment: str | None) -> tuple[str, ...]:
        """Environment and mounts; `environment` overrides what the manifest says, None leaves a
        variable out."""
        own = self._container(container)
        settings = {v["name"]: self._value(v) for v in own.get("env", [])} | environment
        found = [f"--env={name}={text}" for name, text in settings.items() if text is not None]
        for mount in own.get("volumeMounts", []):
            found += self._mount(mount["name"], mount["mountPath"], self.user(container))
        return tuple(found)

    def limits(self, container: str) -> Limits:
        own = self._container(container)["resources"]["limits"]
        return Limits(memory_bytes=_bytes(own["memory"]), nano_cpus=_nano_cpus(own["cpu"]))

    def user(self, container: str) -> str:
        context = self._spec["securityContext"] | self._container(container)["securityContext"]
        return f"{context['runAsUser']}:{context['runAsGroup']}"

    def command(self, container: str) -> list[str]:
        own = self._container(container)
        return own.get("command", []) + own.get("args", [])

    def start(self, container: str, image: str, *more, program=(), **environment) -> Container:
        """`program`: what the image's own entry point would be, where a stand-in has none."""
        beside = [f"-{container}"] if container != self._spec["containers"][0]["name"] else []
        return Container(
            "".join((self._cluster.name, "-", self.name, *beside)),
            image,
            *program,
            *self.command(container),
            user=self.user(container),
            limits=self.limits(container),
            options=(
                *self._cluster.network_options(self.name),
                *self.options(container, **environment),
                *more,
            ),
        )

    def _container(self, name: str) -> dict:
        every = self._spec.get("initContainers", []) + self._spec["containers"]
        return next(container for container in every if container["name"] == name)

    def _value(self, variable: dict) -> str:
        if "value" in variable:
            return variable["value"]
        source = variable["valueFrom"]
        if "fieldRef" in source:
            assert source["fieldRef"]["fieldPath"] == "metadata.name", source
            return self.name
        reference = source["secretKeyRef"]
        return self._cluster.secrets[reference["name"]][reference["key"]].decode()

    def _mount(self, volume: str, path: str, user: str) -> tuple[str, ...]:
        if volume not in self._volumes:  # A claim of the StatefulSet.
            named = f"{self._cluster.name}-{volume}-{self.name}"
            self._cluster.volumes.add(named)
            return ("--volume", f"{named}:{path}")
        if "emptyDir" in self._volumes[volume]:
            size = _bytes(self._volumes[volume]["emptyDir"]["sizeLimit"])
            owner, group = user.split(":")
            # Owned, because at a second start runc gives it the mode of the folder that it covers.
            return ("--tmpfs", f"{path}:uid={owner},gid={group},mode=1777,size={size}")
        folder = self._cluster.write_volume(self.name, self._volumes[volume])
        return ("--volume", f"{folder}:{path}:ro")


def _bytes(quantity: str) -> int:
    units = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    return int(quantity[:-2]) * units[quantity[-2:]]


def _nano_cpus(quantity: str) -> int:
    return int(quantity[:-1]) * 10**6 if quantity.endswith("m") else int(quantity) * 10**9
