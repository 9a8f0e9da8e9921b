"""The translators for Docker, compared whole: whatever changes in a body is seen here."""

from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import example, given
from hypothesis import strategies as st

from stateroom.domain.cabin import Cabin, Installation
from stateroom.domain.runtime import HealthCheck, Mount, Resources, RuntimeSpec, Shape
from stateroom.engines import docker_objects as objects
from stateroom.engines.docker_health import health_check

INSTALLATION = Installation("3f", IPv4Network("10.213.0.0/16"))
CABIN = Cabin(INSTALLATION, "1a2b3c4d", number=2, slot=3)
PLACES = objects.Places(
    content_mount="/host/content",
    entrypoint="/host/cabin-init",
    image="sha256:own",
    disks="/home/disks",
)
LABELS = {"stateroom.installation": "st3f", "stateroom.cabin": "1a2b3c4d"}
UID = "1942048240:1942048240"
CONFINED = {
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges"],
    "Privileged": False,
    "RestartPolicy": {"Name": "no"},
    "IpcMode": "private",
    "ShmSize": 16777216,
    "OomScoreAdj": 500,
    "Ulimits": [{"Name": "nofile", "Soft": 20000, "Hard": 20000}],
    "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
}
ENTRYPOINT = {
    "Type": "bind",
    "Source": "/host/cabin-init",
    "Target": "/.stateroom/cabin-init",
    "ReadOnly": True,
}


def test_network() -> None:
    """An internal bridge by the cabin's name with exactly its /29."""
    assert objects.network_body(CABIN) == {
        "Name": "st3f-1a2b3c4d",
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": True,
        "EnableIPv6": False,
        "IPAM": {
            "Driver": "default",
            "Config": [{"Subnet": "10.213.0.24/29", "Gateway": "10.213.0.25"}],
        },
        "Options": {"com.docker.network.bridge.name": "st3f-1a2b3c4d"},
        "Labels": LABELS | {"stateroom.role": "network"},
    }


def test_holder() -> None:
    """Hostname, address and DNS to nowhere, in a process that may do nothing."""
    assert objects.holder_body(CABIN, PLACES) == {
        "Image": "sha256:own",
        "Hostname": "cabin-1a2b3c4d",
        "User": UID,
        "Entrypoint": ["/.stateroom/cabin-init"],
        "Cmd": ["hold"],
        "Env": [],
        "WorkingDir": "/",
        "StopTimeout": 1,
        "Labels": LABELS | {"stateroom.role": "holder"},
        "HostConfig": CONFINED
        | {
            "NetworkMode": "st3f-1a2b3c4d",
            "Memory": 16777216,
            "MemorySwap": 16777216,
            "PidsLimit": 8,
            "Mounts": [ENTRYPOINT],
            "Dns": ["127.0.0.1"],
            "DnsOptions": ["timeout:1", "attempts:1"],
            "DnsSearch": ["."],
        },
        "NetworkingConfig": {
            "EndpointsConfig": {
                "st3f-1a2b3c4d": {"IPAMConfig": {"IPv4Address": "10.213.0.26"}},
            }
        },
    }


def spec(shape: Shape) -> RuntimeSpec:
    return RuntimeSpec(CABIN, "agent", shape, Resources(0.5, 2048, 512), stop_seconds=20)


def test_service() -> None:
    """It differs from an agent in its user, its own content and how it is asked."""
    shape = Shape("sha256:db", ("serve",), mounts=(Mount("rows", "/rows"),))
    service = RuntimeSpec(
        CABIN, "db", shape, Resources(0.5, 256, 100), user=1, health=HealthCheck(port=5432)
    )
    body = objects.instance_body(service, PLACES, holder="01.02", content="store-7")
    assert body["User"] == "1942048241:1942048241"
    assert body["Labels"]["stateroom.role"] == "db"
    content, disk = body["HostConfig"]["Mounts"][1:]
    assert (content["Source"], content["Target"]) == ("/host/content/1a2b3c4d.db", "/run/stateroom")
    assert (disk["Source"], disk["Target"]) == ("st3f-1a2b3c4d-rows", "/rows")
    assert body["Healthcheck"] == {
        "Test": ["CMD", "/.stateroom/cabin-init", "knock", "5432"],
        "Interval": 5_000_000_000,
        "Timeout": 5_000_000_000,
        "Retries": 3,
        "StartPeriod": 60_000_000_000,
        "StartInterval": 1_000_000_000,
    }
    # All that confines an agent confines it, too.
    assert CONFINED.items() <= body["HostConfig"].items()


def test_a_health_command_is_run_with_the_services_environment() -> None:
    """Through the entry point, for the engine itself does not know the variables."""
    told = health_check(HealthCheck(command=("pg_isready", "-q")))
    assert told["Test"] == ["CMD", "/.stateroom/cabin-init", "ask", "--", "pg_isready", "-q"]


def test_instance() -> None:
    """Everything that confines an agent, its limits, its disk and its content."""
    shape = Shape(
        image="sha256:agent",
        command=("openclaw", "gateway"),
        environment=(("A", "1"), ("B", "two words")),
        mounts=(Mount("data", "/data"),),
    )
    body = objects.instance_body(
        spec(shape), PLACES, holder="0123456789abcdef.fedcba987654", content="store-7"
    )
    assert body == {
        "Image": "sha256:agent",
        "User": UID,
        "Entrypoint": ["/.stateroom/cabin-init", "run", "--"],
        "Cmd": ["openclaw", "gateway"],
        "Env": ["A=1", "B=two words"],
        "StopTimeout": 20,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": LABELS
        | {
            "stateroom.role": "agent",
            "stateroom.content": "store-7",
            "stateroom.holder": "0123456789abcdef.fedcba987654",
        },
        "HostConfig": CONFINED
        | {
            "NetworkMode": "container:0123456789abcdef",
            "Memory": 2147483648,
            "MemorySwap": 2147483648,
            "CpuPeriod": 100000,
            "CpuQuota": 50000,
            "CpuShares": 512,
            "PidsLimit": 512,
            "Tmpfs": {"/tmp": "rw,exec,nosuid,nodev,mode=1777,size=256m"},
            "Mounts": [
                ENTRYPOINT,
                {
                    "Type": "bind",
                    "Source": "/host/content/1a2b3c4d",
                    "Target": "/run/stateroom",
                    "ReadOnly": True,
                },
                {
                    "Type": "volume",
                    "Source": "st3f-1a2b3c4d-data",
                    "Target": "/data",
                    "VolumeOptions": {"NoCopy": True},
                },
            ],
        },
    }


def test_another_runtime_is_named_only_where_asked_for() -> None:
    """The engine's default OCI runtime is its own business."""
    plain, other = (
        objects.instance_body(
            spec(Shape("sha256:x", ("x",), runtime=runtime)), PLACES, holder="h.e", content="c"
        )["HostConfig"]
        for runtime in ("", "runsc")
    )
    assert "Runtime" not in plain
    assert other["Runtime"] == "runsc"


def test_volume() -> None:
    """A disk is mounted by its own device node, never by a loop's number."""
    assert objects.volume_body(CABIN, "data") == {
        "Name": "st3f-1a2b3c4d-data",
        "Driver": "local",
        "DriverOpts": {
            "type": "ext4",
            "device": "/dev/stateroom/st3f-1a2b3c4d-data",
            "o": "nosuid,nodev,noatime,errors=remount-ro",
        },
        "Labels": LABELS,
    }


def test_helper() -> None:
    """Root on loop devices and the disks' folder, with three capabilities and no network."""
    body = objects.helper_body(INSTALLATION, "1a2b3c4d", PLACES, "script", ["erase", "x"])
    assert body == {
        "Image": "sha256:own",
        "User": "0:0",
        "Entrypoint": ["/bin/sh", "-eu", "-c", "script", "disks"],
        "Cmd": ["/home/disks", "erase", "x"],
        "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"],
        "WorkingDir": "/",
        "Labels": LABELS | {"stateroom.role": "helper"},
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "CapAdd": ["CHOWN", "DAC_OVERRIDE", "MKNOD"],
            "SecurityOpt": ["no-new-privileges"],
            "DeviceCgroupRules": ["b 7:* rwm", "c 10:237 rwm"],
            "Binds": ["/dev:/dev", "/home/disks:/home/disks"],
            "RestartPolicy": {"Name": "no"},
            "Memory": 268435456,
            "MemorySwap": 268435456,
            "PidsLimit": 64,
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        },
    }


@given(
    st.builds(
        Resources,
        cpu=st.floats(0.01, 1024),
        memory_mb=st.integers(1, 1 << 24),
        pids=st.integers(1, 1 << 20),
    )
)
@example(Resources(0.29, 64, 16))
@example(Resources(1.123456789, 64, 16))
def test_limits_are_read_back(resources: Resources) -> None:
    """What was asked for is what an observation says, however finely it was asked for, or the
    planner would resize for ever."""
    assert objects.resources_of(objects.limits(resources)) == resources


def test_names_fit_a_bridge() -> None:
    """A Linux interface's name has at most fifteen characters."""
    assert len(CABIN.name) <= 15
