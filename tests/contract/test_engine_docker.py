"""The engine's contract over the real Docker."""

from __future__ import annotations

import shutil

import pytest
from aiodocker import Docker

from stateroom.domain.cabin import Cabin
from stateroom.engines import docker_objects as objects
from tests.contract.engine_lab import NODES, Lab, docker, run
from tests.contract.engine_suite import EngineSuite


class DockerWorld:
    def __init__(self, lab: Lab, client: Docker) -> None:
        self.lab = lab
        self.engine = lab.engine(client)
        self.image = lab.image

    def cabin(self) -> Cabin:
        return self.lab.cabin()

    def kill(self, name: str) -> None:
        docker("kill", name)
        docker("wait", name)

    def pause(self, name: str) -> None:
        docker("pause", name)

    def lose_holder(self, cabin: Cabin) -> None:
        docker("kill", objects.holder_name(cabin.name))

    def lose_disks(self, cabin: Cabin) -> None:
        """As after a reboot: neither nodes nor loops are there."""
        node = NODES / objects.disk_name(cabin.name, "data")
        loop = f"/dev/loop{node.stat().st_rdev & 0xFF}"
        node.unlink()
        run("losetup", "--detach", loop)

    def lose_content_store(self) -> None:
        (self.lab.content_root / ".store").unlink()
        for folder in self.lab.content_root.iterdir():
            shutil.rmtree(folder)


@pytest.fixture
def world(two_labs: tuple[Lab, Lab], client: Docker) -> DockerWorld:
    return DockerWorld(two_labs[0], client)


@pytest.fixture
def other(two_labs: tuple[Lab, Lab], client: Docker) -> DockerWorld:
    return DockerWorld(two_labs[1], client)


class TestDockerEngine(EngineSuite):
    """The whole contract."""
