"""Can the ports be had, and who has them if not?"""

import errno
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address

from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen

from ..finding import Finding, failure, note, ok
from ..patient import Patient
from ..seen import Capability, Held, Local

UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
BOTH = (Transport.UDP, Transport.TCP)

RESOLVED = {IPv4Address("127.0.0.53"), IPv4Address("127.0.0.54")}
SILENCE_RESOLVED = (
    "silence the listener of systemd-resolved: mkdir -p /etc/systemd/resolved.conf.d; printf"
    " '[Resolve]\\nDNSStubListener=no\\n' > /etc/systemd/resolved.conf.d/no-stub.conf; ln -sf"
    " /run/systemd/resolve/resolv.conf /etc/resolv.conf; systemctl restart systemd-resolved"
)
# What else is found on port 53 without having been meant to, by the name of its process.
CURES = {
    "dnsmasq": "it may belong to libvirt, LXD or NetworkManager; `systemctl status {pid}` tells",
    "docker-proxy": "a container publishes the port; `docker ps` tells which",
    "named": "`systemctl disable --now named` if BIND is not needed",
    "unbound": "`systemctl disable --now unbound`, or give it another address or port",
}

GRANT = (
    "in the unit AmbientCapabilities=CAP_NET_BIND_SERVICE, as docker/rrdns.service has it; or"
    " {setting} = {port}"
)


def examine(patient: Patient) -> Iterator[Finding]:
    """Each address and port that the configuration names."""
    settings = patient.loaded.settings
    for listen in settings.dns.listen:
        yield from _examine(patient, listen, BOTH, "dns.listen")
    yield from _examine(patient, settings.status, (Transport.TCP,), "status.listen")


def _examine(
    patient: Patient, listen: Listen, transports: tuple[Transport, ...], setting: str
) -> Iterator[Finding]:
    wanted = f"{listen} ({' and '.join(each.name for each in transports)})"
    if listen.port == 0:
        yield ok(f"{wanted}: any free port will do")
        return
    sockets = [held for held in patient.host.held(listen.port) if held.transport in transports]
    in_the_way = [held for held in sockets if collides(held, listen)]
    if in_the_way:
        yield judge_held(wanted, listen, setting, in_the_way, patient)
        return
    (unprivileged,) = patient.host.kernel(UNPRIVILEGED)
    if listen.port < unprivileged and (
        Capability.NET_BIND_SERVICE not in patient.serving.capabilities
    ):
        what = f"{patient.serving.who} may not have ports below {unprivileged}, so not {listen}"
        yield failure(what, GRANT.format(setting=UNPRIVILEGED, port=listen.port))
        return
    errors = {patient.host.bind_error(listen, transport) for transport in transports}
    if errno.EADDRINUSE in errors:
        # A socket for IPv6 may have the port of IPv4 too; that it does, no table says.
        dual = [held for held in sockets if held.host.version == 6 and held.host.is_unspecified]
        yield judge_held(wanted, listen, setting, dual, patient)
    elif errors <= {0, errno.EACCES}:  # we may not, who serves may
        yield ok(f"{wanted} is free")
    # That an address is not there, the examination of the addresses says.


def collides(held: Held, listen: Listen) -> bool:
    """Whether `held` keeps others from `listen`: the same address, or either is all addresses."""
    if held.port != listen.port or held.host.version != listen.host.version:
        return False
    return held.host == listen.host or held.host.is_unspecified or listen.host.is_unspecified


def judge_held(
    wanted: str, listen: Listen, setting: str, sockets: Sequence[Held], patient: Patient
) -> Finding:
    """An address and port that others have; it is well if that is rrdns itself."""
    foreign = [held for held in sockets if not _is_ours(held, patient)]
    if sockets and not foreign:
        holders = _listed(process for held in sockets for process in held.by)
        return ok(f"{wanted} is held by {holders or patient.serving.who}: rrdns itself")
    named = [held for held in foreign if held.by]
    unnamed = [held for held in foreign if not held.by]
    if named:
        holders = _listed(process for held in named for process in held.by)
        what = f"{wanted} can not be had: {holders} has {_listed(named)}"
    elif unnamed:
        users = _listed(held.uid for held in unnamed)
        what = (
            f"{wanted} can not be had: a process of user {users} has {_listed(unnamed)}; its name"
            " is shown to root alone"
        )
    else:
        what = f"{wanted} can not be had: a process that can not be seen has it"
    if not named and patient.report is not None:
        return note(what.replace("can not be had", "is held"), "`sudo rrdns doctor` names it")
    return failure(what, _mend(listen, setting, foreign, patient.host.local()))


def _is_ours(held: Held, patient: Patient) -> bool:
    """Whether an rrdns has it: by its process or, where that is hidden, by its user."""
    if held.by:
        return all(process.is_rrdns for process in held.by)
    return patient.is_here and held.uid == patient.serving.uid


def _mend(listen: Listen, setting: str, foreign: Iterable[Held], local: Iterable[Local]) -> str:
    mends = []
    if listen.host.is_unspecified:
        taken = {held.host for held in foreign}
        others = [
            str(Listen(each.address, listen.port))
            for each in local
            if each.address.version == listen.host.version
            and each.address not in taken
            and each.is_reachable
        ]
        if others and not any(host.is_unspecified for host in taken):
            listed = ", ".join(f'"{other}"' for other in others)
            mends.append(f"name the addresses of the interfaces: {setting}: [{listed}]")
    if any(is_resolved(held) for held in foreign):
        mends.append(SILENCE_RESOLVED)
    processes = {process for held in foreign for process in held.by}
    mends += [
        CURES[process.name].format(pid=process.pid)
        for process in sorted(processes, key=lambda process: process.pid)
        if process.name in CURES
    ]
    if not processes:
        mends.append("`sudo rrdns doctor` names the process")
    return ", or ".join(mends) or f"end it, or give {setting} another address or port"


def is_resolved(held: Held) -> bool:
    """Whether it is the listener of systemd-resolved, whose name the kernel cuts off."""
    return held.host in RESOLVED or any(
        process.name.startswith("systemd-resolve") for process in held.by
    )


def _listed(things: Iterable[object]) -> str:
    return ", ".join(sorted(set(map(str, things))))
