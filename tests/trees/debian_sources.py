"""Debian's source trees of Linux and QEMU, brought by apt into the cache and unpacked once.

Apt runs with lists, state and cache of its own, so nothing of the machine is changed; it asks
the mirror that the machine's own apt uses, and proves each file by the archive's signature and
SHA256. What is in the cache is used without asking the network; to get a newer package of the
same series, remove its folder.
"""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from .cache import Unavailable, locked, made_once, need, root, run

KERNEL_SERIES = ("6.1", "6.12", "newest")
"""Debian's stable and long-term kernels, and the newest one that its backports hold."""

QEMU_SERIES = ("7.2", "10.0", "newest")
"""The QEMUs of Debian 12 and 13, and the newest whose source the mirror holds."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LISTS_STAY_FRESH = 3600.0
"""Seconds after which the package lists are asked for again."""

_UNPACK_KERNEL = """
dpkg-deb --fsys-tarfile "$DEB" | tar -xO "$INNER" |
tar -x -I "xz -dT0" --strip-components=1 -C "$TREE"
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an unpacked tree comes from: Debian package and its version."""

    package: str
    version: str

    @property
    def upstream(self) -> str:
        """The version without epoch and Debian revision: 6.12.107, 7.2, 10.0.13."""
        return re.split(r"[-+~]", self.version.split(":")[-1])[0]

    @property
    def series(self) -> tuple[int, int]:
        """The first two numbers of the version, for comparison: (6, 12)."""
        major, minor = self.upstream.split(".")[:2]
        return int(major), int(minor)


@dataclass(frozen=True, slots=True)
class SourceTree:
    """An unpacked tree of the cache. Tests never change it."""

    path: Path
    origin: Origin


def kernel_source(series: str) -> SourceTree:
    """The unpacked linux-source package of a series of KERNEL_SERIES."""
    return _source_tree(f"linux-{series}", functools.partial(_bring_kernel, series))


def qemu_source(series: str) -> SourceTree:
    """The unpacked, Debian-patched QEMU source package of a series of QEMU_SERIES."""
    return _source_tree(f"qemu-{series}", functools.partial(_bring_source, "qemu", series))


def xen_source() -> SourceTree:
    """The unpacked source package of Xen, the newest whose files the mirror holds."""
    return _source_tree("xen", functools.partial(_bring_source, "xen", "newest"))


def _source_tree(name: str, bring: Callable[[Path], Origin]) -> SourceTree:
    place = root() / "sources" / name

    def make(folder: Path) -> None:
        origin = bring(folder / "tree")
        (folder / "origin.json").write_text(json.dumps(asdict(origin)))

    made_once(place, make)
    origin = Origin(**json.loads((place / "origin.json").read_text()))
    return SourceTree(place / "tree", origin)


def _bring_kernel(series: str, tree: Path) -> Origin:
    need({"apt-get": "apt", "dpkg-deb": "dpkg", "xz": "xz-utils"})
    _refresh_lists()
    if series == "newest":
        series = max(_kernel_series(), key=lambda known: tuple(map(int, known.split("."))))
    package = f"linux-source-{series}"
    stanzas = list(_stanzas("show", package))
    if not stanzas:
        raise Unavailable(f"the Debian mirror has no {package}; it has {_kernel_series()}")
    version = max((stanza["Version"] for stanza in stanzas), key=_version_key)
    try:
        deb = _download(package, version)
    except RuntimeError as error:
        raise Unavailable(f"the Debian mirror does not give {package}: {error}") from error
    tree.mkdir()
    # The package holds the tree as one tarball; it goes through pipes, not through the disk.
    run(
        ["bash", "-o", "pipefail", "-c", _UNPACK_KERNEL],
        env={"DEB": str(deb), "INNER": f"./usr/src/{package}.tar.xz", "TREE": str(tree)},
    )
    deb.unlink()
    return Origin(package, version)


def _bring_source(package: str, series: str, tree: Path) -> Origin:
    need({"apt-get": "apt", "dpkg-source": "dpkg-dev", "patch": "patch", "xz": "xz-utils"})
    _refresh_lists()
    versions = {stanza["Version"] for stanza in _stanzas("showsrc", "--only-source", package)}
    if series != "newest":
        prefix = re.compile(rf"(\d+:)?{re.escape(series)}[.+~-]")
        versions = {version for version in versions if prefix.match(version)}
    refused = [f"no version of the source package {package} {series} is listed"]
    # The lists name versions that a mirror may have dropped already: the next one may be there.
    for version in sorted(versions, key=_version_key, reverse=True):
        try:
            dsc = _download_source(package, version)
        except RuntimeError as error:
            refused.append(str(error))
            continue
        run(["dpkg-source", "--extract", dsc, tree], cwd=tree.parent)
        shutil.rmtree(dsc.parent)
        return Origin(package, version)
    raise Unavailable(f"the Debian mirror does not give {package}'s source: " + "\n".join(refused))


def _kernel_series() -> list[str]:
    """The series that the metapackage linux-source of any release points to."""
    depends = (stanza.get("Depends", "") for stanza in _stanzas("show", "linux-source"))
    return sorted(
        {found for line in depends for found in re.findall(r"linux-source-([\d.]+)", line)}
    )


def _stanzas(*query: str) -> Iterator[dict[str, str]]:
    """The records that apt-cache prints, one dict of its one-line fields each."""
    try:
        text = run(["apt-cache", "-c", _apt_configuration(), *query])
    except RuntimeError:
        return
    for record in text.strip().split("\n\n"):
        lines = (line.partition(": ") for line in record.splitlines() if line[:1].isalpha())
        if fields := {key: value for key, _, value in lines}:
            yield fields


def _download(package: str, version: str) -> Path:
    folder = root() / "downloads" / package
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        run(
            ["apt-get", "-c", _apt_configuration(), "-q", "download", f"{package}={version}"],
            cwd=folder,
        )
    return max(folder.glob(f"{package}_*.deb"), key=lambda deb: deb.stat().st_mtime)


def _download_source(package: str, version: str) -> Path:
    folder = root() / "downloads" / f"{package}-source-{version.replace(':', '_')}"
    folder.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = ["apt-get", "-c", _apt_configuration(), "-q", "source"]
    with locked(folder):
        run([*command, "--download-only", f"{package}={version}"], cwd=folder)
    (dsc,) = folder.glob("*.dsc")
    return dsc


def _version_key(version: str) -> _DebianVersion:
    return _DebianVersion(version)


@functools.total_ordering
class _DebianVersion:
    """A version that compares as dpkg does."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _DebianVersion) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __lt__(self, other: _DebianVersion) -> bool:
        command = ["dpkg", "--compare-versions", self.text, "lt", other.text]
        return subprocess.run(command, check=False).returncode == 0


def _refresh_lists() -> None:
    configuration = _apt_configuration()
    asked = configuration.with_name("lists-asked")
    with locked(configuration.parent):
        if asked.exists() and time.time() - asked.stat().st_mtime < LISTS_STAY_FRESH:
            return
        try:
            run(["apt-get", "-c", configuration, "-q", "update"])
        except RuntimeError as error:
            raise Unavailable(f"a Debian mirror must be reachable through apt: {error}") from error
        asked.touch()


def _apt_configuration() -> Path:
    """The configuration file of an apt that has folders of its own; written when it differs."""
    if not KEYRING.exists():
        raise Unavailable("install the Debian package debian-archive-keyring")
    home = root() / "apt"
    for folder in ("lists/partial", "state", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "status").touch()
    mirror = _mirror()
    _write(
        home / "debian.sources",
        "".join(
            f"Types: {types}\nURIs: {mirror}\nSuites: {suites}\nComponents: main\n"
            f"Signed-By: {KEYRING}\n\n"
            for types, suites in (
                ("deb deb-src", "bookworm trixie trixie-backports"),
                ("deb-src", "sid"),
            )
        ),
    )
    configuration = home / "apt.conf"
    _write(
        configuration,
        f"""\
Dir::Etc::sourcelist "{home}/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{home}/state";
Dir::State::lists "{home}/lists";
Dir::State::status "{home}/status";
Dir::Cache "{home}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Architecture "amd64";
APT::Architectures {{ "amd64"; }};
APT::Get::Host-Architecture "amd64";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
// The cache may lie in a home folder that the user _apt can't read.
APT::Sandbox::User "root";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
""",
    )
    return configuration


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(text)
        draft.replace(path)


def _mirror() -> str:
    """The address of the Debian archive that this machine's apt is set to use."""
    if own := os.environ.get("VMCSGEN_DEBIAN_MIRROR"):
        return own
    need({"apt-get": "apt"})
    addresses = run(["apt-get", "indextargets", "--format", "$(REPO_URI)"]).split()
    for address in addresses:
        if re.fullmatch(r"[a-z+]+://.*/debian/?", address):
            return address.rstrip("/")
    raise Unavailable("apt on this machine has no Debian archive: set VMCSGEN_DEBIAN_MIRROR to one")
