"""What `up`, `down` and `doctor` do to the engine, as few verbs: see, furnish, raise, lower.

Only these three verbs of the command line talk to the engine; everything else is a client of
the api.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiodocker import Docker
from aiodocker.containers import DockerContainer
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Installation
from stateroom.domain.runtime import AGENT
from stateroom.errors import Permanent
from stateroom.guard.table import FAMILY, table_name
from stateroom.installation import parts as table
from stateroom.installation.home import TOLD
from stateroom.layout import Layout
from stateroom.runtimes.image import OWN
from stateroom.runtimes.image_stages import STAGE_LABEL
from stateroom.settings import Settings

HELPER_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Seen:
    """One part as the engine has it. digest: of the body it was made from."""

    name: str
    container: str
    running: bool
    digest: str


def known_installation(layout: Layout) -> str:
    """The installation's id, "" before the first `up`. Raises Permanent where the file that
    holds it is damaged: another id would be another installation, without its tenants."""
    path = layout.installation
    try:
        known = str(json.loads(path.read_bytes())["id"])
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Permanent(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        known = ""
    if not re.fullmatch("[0-9a-f]{2}", known):
        raise Permanent(
            f'{path} is damaged. It should be {{"id": "XX"}}, where XX is what follows "st" in the '
            "names of this installation's containers: `docker ps -a --filter label=stateroom.part` "
            "shows them. Write it anew and repeat the command"
        )
    return known


async def free_installation(docker: Docker) -> str:
    """Two hex digits that nothing on this engine carries yet."""
    taken = set()
    for container in await docker.containers.list(
        all=True, filters={"label": [table.INSTALLATION_LABEL]}
    ):
        taken.add(container["Labels"][table.INSTALLATION_LABEL])
    volumes: Any = docker.volumes  # aiodocker leaves these calls untyped
    found = await volumes.list(filters={"label": [table.INSTALLATION_LABEL]})
    taken |= {v["Labels"][table.INSTALLATION_LABEL] for v in found.get("Volumes") or []}
    free = [f"{n:02x}" for n in range(256) if f"st{n:02x}" not in taken]
    if not free:
        raise Permanent("this Docker engine has 256 installations of Stateroom already")
    return secrets.choice(free)


async def run_helper(
    docker: Docker, image: str, command: list[str], settings: Settings,
    environment: Mapping[str, str], label: str,
) -> str:
    """A short-lived container of our own image as root, with the home and the few powers that
    giving folders to their owners needs. Answers what it printed; raises Permanent with what
    it said when it fails."""
    home = str(settings.home)
    return await run_once(
        docker, image, command, label, HELPER_CAPABILITIES, "none", [f"{home}:{home}:rw"],
        environment,
    )


async def remove_firewall(docker: Docker, image: str, installation: Installation) -> None:
    """The guard leaves its table when it ends; once no cabin is left it may go."""
    name = f"{FAMILY} {table_name(installation)}"
    # Added first, so that deleting it never fails; one transaction.
    command = ["nft", f"add table {name}; delete table {name}"]
    await run_once(docker, image, command, installation.prefix, ("NET_ADMIN",), "host", [], {})


async def run_once(
    docker: Docker,
    image: str,
    command: list[str],
    label: str,
    capabilities: tuple[str, ...],
    network: str,
    binds: list[str],
    environment: Mapping[str, str],
    user: str = "0:0",
) -> str:
    """A short-lived container of our own image; answers what it printed. Raises Permanent with
    what it said when it fails."""
    body = {
        "Image": image,
        "Entrypoint": command,
        "Cmd": [],
        "User": user,
        "Env": [f"{key}={value}" for key, value in sorted(environment.items())],
        "Labels": {table.INSTALLATION_LABEL: label, "stateroom.role": "helper"},
        "HostConfig": {
            "Binds": binds,
            "NetworkMode": network,
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": list(capabilities),
            "SecurityOpt": ["no-new-privileges"],
        },
    }
    container = await docker.containers.create(body)  # type: ignore[arg-type]
    try:
        await container.start()
        ended = await container.wait(timeout=120)
        said = "".join(await container.log(stdout=True, stderr=True))
        if ended["StatusCode"] == TOLD:
            raise Permanent(said.strip())
        if ended["StatusCode"] != 0:
            raise Permanent(f"{' '.join(command)} failed:\n{said}")
        return "".join(await container.log(stdout=True))
    finally:
        await container.delete(force=True)


async def ensure_volumes(docker: Docker, ground: table.Ground) -> None:
    volumes: Any = docker.volumes
    for body in table.volumes(ground):
        await volumes.create(body)


async def mountpoint(docker: Docker, installation: Installation) -> str:
    """Where the content tmpfs lies on the host; the volume need not be mounted for that."""
    volumes: Any = docker.volumes
    volume = await volumes.get(table.content_volume(installation))
    return str((await volume.show())["Mountpoint"])


async def seen_parts(docker: Docker, installation: Installation) -> dict[str, Seen]:
    label = f"{table.INSTALLATION_LABEL}={installation.prefix}"
    found = await docker.containers.list(
        all=True, filters={"label": [label, table.PART_LABEL]}
    )
    seen: dict[str, Seen] = {}
    for entry in found:
        labels = entry["Labels"]
        name = labels[table.PART_LABEL]
        seen[name] = Seen(
            name, entry.id, entry["State"] == "running", labels.get(table.DIGEST_LABEL, "")
        )
    return seen


async def ensure_part(
    docker: Docker, ground: table.Ground, part: table.Part, seen: Seen | None
) -> bool:
    """Runs afterwards, made from today's table. True when something had to be done."""
    body = table.container(ground, part)
    if seen is not None and seen.digest == body["Labels"][table.DIGEST_LABEL]:
        if seen.running:
            return False
        await docker.containers.container(seen.container).start()
        return True
    if seen is not None:
        await take_down(docker.containers.container(seen.container))
    name = table.container_name(ground.installation, part.name)
    container = await docker.containers.create(body, name=name)
    await container.start()
    return True


async def take_down(container: DockerContainer) -> None:
    try:
        await container.stop(t=STOP_SECONDS)
        await container.delete(force=True)
    except DockerError as error:
        if error.status != 404:
            raise


async def lower(docker: Docker, installation: Installation) -> list[str]:
    """Stops our parts, the steward first so that nothing is begun meanwhile; cabins are left to
    `stop_cabins`. Answers which were running."""
    seen = await seen_parts(docker, installation)
    order = ("steward", "api", "relay", "edge", "broker", "guard", "holder")
    stopped = [name for name in order if name in seen and seen[name].running]
    for name in stopped:
        await docker.containers.container(seen[name].container).stop(t=STOP_SECONDS)
    return stopped


async def cabin_containers(docker: Docker, installation: Installation) -> list[DockerContainer]:
    label = f"{table.INSTALLATION_LABEL}={installation.prefix}"
    return await docker.containers.list(all=True, filters={"label": [label, "stateroom.cabin"]})


async def stop_cabins(docker: Docker, installation: Installation) -> int:
    """Agents and services before the holders whose namespace they are in. Answers how many
    agents."""
    entries = [c for c in await cabin_containers(docker, installation) if c["State"] != "exited"]
    holders = [c for c in entries if c["Labels"].get("stateroom.role") == "holder"]
    instances = [c for c in entries if c not in holders]
    for group in (instances, holders):
        await asyncio.gather(*(container.stop(t=20) for container in group))
    return sum(c["Labels"].get("stateroom.role") == AGENT for c in instances)


async def image_of_ours(docker: Docker, installation: Installation) -> str:
    """The image that our parts were made from; without parts the newest of our own; "" where
    there is none."""
    for part in (await seen_parts(docker, installation)).values():
        shown = await docker.containers.container(part.container).show()
        return str(shown["Image"])
    own = await docker.images.list(filters={"reference": [OWN]})
    return str(max(own, key=lambda one: int(one["Created"]))["Id"]) if own else ""


async def remove_parts(docker: Docker, installation: Installation) -> None:
    """Whatever else is left of it too: a helper whose `up` was killed holds volumes."""
    label = f"{table.INSTALLATION_LABEL}={installation.prefix}"
    for container in await docker.containers.list(all=True, filters={"label": [label]}):
        await container.delete(force=True)


async def remove_volumes(docker: Docker, installation: Installation) -> None:
    label = f"{table.INSTALLATION_LABEL}={installation.prefix}"
    volumes: Any = docker.volumes
    found = await volumes.list(filters={"label": [label]})
    for volume in found.get("Volumes") or []:
        await (await volumes.get(volume["Name"])).delete()


async def remove_images(docker: Docker) -> int:
    """Every image that we built and nobody uses; answers how many went. One that another
    installation uses is refused by the engine and stays."""
    removed = 0
    found = await docker.images.list(filters={"label": [STAGE_LABEL]})
    for image in sorted(found, key=lambda one: -int(one["Created"])):
        with suppress(DockerError):
            await docker.images.delete(str(image["Id"]), force=True)
            removed += 1
    return removed


async def remove_unused_images(docker: Docker) -> int:
    """The same where no installation is left on this engine, not even one that is stopped."""
    labelled = {"label": [table.INSTALLATION_LABEL]}
    volumes: Any = docker.volumes
    found = await volumes.list(filters=labelled)
    if found.get("Volumes") or await docker.containers.list(all=True, filters=labelled):
        return 0
    return await remove_images(docker)


async def empty_home(
    docker: Docker, image: str, settings: Settings, installation: Installation
) -> None:
    """Everything of ours under the home goes, last of all the file that says which installation it
    is of; done by the helper, since most of it belongs to other uids. What else lies there
    stays."""
    layout = Layout(settings.home)
    first = sorted(layout.own_names - {layout.installation.name})
    script = f'cd "$STATEROOM_HOME" && rm -rf -- "$@" && rm -f {layout.installation.name}'
    environment = {"STATEROOM_HOME": str(settings.home)}
    command = ["sh", "-c", script, "sh", *first]
    await run_helper(docker, image, command, settings, environment, installation.prefix)


def docker_group(settings: Settings) -> int:
    """The group that may use the engine's socket."""
    return Path(settings.docker.removeprefix("unix://")).stat().st_gid


def engine_facts(info: Mapping[str, Any]) -> str:
    """One line for people: which engine this is."""
    return f"Docker {info['ServerVersion']}, cgroup v{info.get('CgroupVersion', '1')}"
