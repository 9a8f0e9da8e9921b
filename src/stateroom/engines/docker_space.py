"""A cabin's space on Docker: its network, and the holder that keeps its namespace."""

from __future__ import annotations

from typing import Any

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from stateroom.domain.cabin import Cabin, Installation
from stateroom.engines import docker_objects as objects
from stateroom.engines import docker_reading as reading
from stateroom.engines.docker_calls import absent, ask, calling, inspect
from stateroom.errors import Clash, Permanent

Found = dict[str, Any]
"""What Docker's inspect says of one thing."""


class Space:
    def __init__(self, docker: Docker, installation: Installation, places: objects.Places) -> None:
        self._docker = docker
        self._installation = installation
        self._places = places

    def is_ours(self, found: Found) -> bool:
        return reading.label(found["Config"], objects.INSTALLATION) == self._installation.prefix

    def must_be_ours(self, name: str, found: Found) -> None:
        if not self.is_ours(found):
            raise Clash(f"{name} is not this installation's; rename or remove that container")

    async def holder(self, cabin_name: str) -> str:
        async with calling(f"look at the holder of {cabin_name}"):
            found = await inspect(self._docker, objects.holder_name(cabin_name))
        if found is None or not self.is_ours(found):
            return ""
        return _identity(found, cabin_name)

    async def have_network(self, cabin: Cabin) -> None:
        async with calling(f"make the network {cabin.name}"):
            try:
                found = await ask(self._docker, f"networks/{cabin.name}")
            except DockerError as error:
                if not absent(error):
                    raise
                await self._docker.networks.create(objects.network_body(cabin))
                return
        if not reading.is_network_of(cabin, found):
            raise Clash(f"the network {cabin.name} exists with another address; release the cabin")

    async def have_holder(self, cabin: Cabin) -> None:
        """Never started a second time: instances that joined the old namespace must see that
        it is another one."""
        name = objects.holder_name(cabin.name)
        async with calling(f"start {name}", within=60):
            found = await inspect(self._docker, name)
            if found is not None:
                self.must_be_ours(name, found)
                if _identity(found, cabin.name):
                    return
                await self.delete(found["Id"], force=True)
            holder = await self.make(objects.holder_body(cabin, self._places), name)
            await self._docker.containers.container(holder).start()

    async def make(self, body: objects.JsonBody, name: str) -> str:
        try:
            made = await self._docker.containers.create(body, name=name)
        except DockerError as error:
            if absent(error) and "image" in error.message.lower():
                raise Permanent(
                    f"create {name}: the image {body['Image'][:19]} is not here; "
                    "build or pull it again"
                ) from error
            raise
        return made.id

    async def delete(self, container: str, *, force: bool = False) -> None:
        try:
            # v: an anonymous volume, which an image may declare, goes with its container.
            await self._docker.containers.container(container).delete(force=force, v=True)
        except DockerError as error:
            under_way = error.status == 409 and "in progress" in error.message
            if not absent(error) and not under_way:
                raise

    async def delete_network(self, name: str) -> None:
        try:
            found = await ask(self._docker, f"networks/{name}")
            if reading.label(found, objects.INSTALLATION) == self._installation.prefix:
                await ask(self._docker, f"networks/{found['Id']}", "DELETE")
        except DockerError as error:
            if not absent(error):
                raise


def _identity(holder: Found, cabin_name: str) -> str:
    networks = holder["NetworkSettings"]["Networks"]
    return reading.holder_identity(holder["Id"], holder["State"]["Status"], networks, cabin_name)
