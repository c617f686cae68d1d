"""The same bytes wherever they are made: seeds, locales, time zones, Pythons; sdist and wheel."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

import pytest

from needs import missing, need, tool
from surroundings import ASCII, Surroundings, assert_same, committed, generated

EPOCH = 1_700_000_000
"""SOURCE_DATE_EPOCH of the builds: 2023-11-14."""

ZONES = ("UTC", "Pacific/Kiritimati", "America/Adak", "Asia/Kathmandu", "XXX+23:59")
LOCALES = ("C", "C.UTF-8", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "ja_JP.EUC-JP")


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for LOCPATH with the locales that most machines lack."""
    folder = tmp_path_factory.mktemp("locales")
    localedef = need("localedef", "libc-bin")
    if not Path("/usr/share/i18n/locales/tr_TR").exists():
        missing("needs the sources of locales: apt-get install locales")
    for name in LOCALES[2:]:
        language, _, characters = name.partition(".")
        command = [
            localedef,
            "--no-warnings=ascii",
            "-i",
            language,
            "-f",
            characters,
            folder / name,
        ]
        subprocess.run(command, check=True, capture_output=True)
    return folder


def test_the_locales_are_real(locales: Path) -> None:
    """Python reads them, or nothing below would show anything."""
    asked = "import locale; print(locale.getpreferredencoding())"
    for name, encoding in (("de_DE.ISO-8859-1", "ISO-8859-1"), ("ja_JP.EUC-JP", "EUC-JP")):
        told = subprocess.run(
            [sys.executable, "-c", asked], capture_output=True, text=True, check=True,
            env=os.environ | {"LOCPATH": str(locales), "LC_ALL": name},
        )  # fmt: skip
        assert told.stdout.strip() == encoding


@pytest.mark.parametrize("seed", range(10))
def test_seed_locale_zone_umask_and_order_change_nothing(
    seed: int, locales: Path, tmp_path: Path, checkout: Path
) -> None:
    """Each from nothing: no cache has the answer of other surroundings."""
    environment = {
        "PYTHONHASHSEED": str(seed),
        "TZ": ZONES[seed % len(ZONES)],
        "LOCPATH": str(locales),
        "LC_ALL": LOCALES[seed % len(LOCALES)],
    }
    if seed == 0:
        environment |= ASCII
    surroundings = Surroundings(environment, (0o022, 0o077, 0)[seed % 3], seed % 2 == 1)
    assert_same(generated(tmp_path, surroundings), committed(checkout))


def pythons() -> dict[str, str]:
    """Each Python that the program supports and this machine has: version -> interpreter.

    The one that runs the tests, and those of the search path and of pyenv.
    """
    found = {f"3.{sys.version_info.minor}": sys.executable}
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for minor in range(10, 30):
        version = f"3.{minor}"
        candidates = [shutil.which(f"python{version}")]
        candidates += map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}")))
        for candidate in filter(None, candidates):
            # pyenv's commands exist for versions that are not chosen, and fail.
            done = subprocess.run([candidate, "-c", ""], capture_output=True, check=False)
            if done.returncode == 0:
                found.setdefault(version, candidate)
    return found


@pytest.mark.parametrize(("version", "interpreter"), sorted(pythons().items()))
def test_every_python_makes_the_same_bytes_from_the_wheel(
    version: str, interpreter: str, built: Path, tmp_path: Path, checkout: Path
) -> None:
    environment = tmp_path / "environment"
    python = environment / "bin/python"
    (wheel,) = built.glob("*.whl")
    uv = [tool("uv"), "--quiet"]
    subprocess.run([*uv, "venv", "--python", interpreter, environment], check=True)
    subprocess.run([*uv, "pip", "install", "--python", python, wheel], check=True)
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    told = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == version
    assert_same(generated(tmp_path, Surroundings(), python=python), committed(checkout))
    # The wheel brings the spec validated and Python formatted; this one does it all again.
    asked = "import sys; from vmcsgen.targets.prepare import make; sys.stdout.buffer.write(make())"
    made = subprocess.run([python, "-c", asked], capture_output=True, check=True).stdout
    (brought,) = environment.glob("lib/*/site-packages/vmcsgen/share/ready.json")
    assert made == brought.read_bytes()


def sources(checkout: Path) -> list[Path]:
    """The files of a commit, as git lists them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=checkout, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("needs a git checkout: only git knows which files are the project's")
    return [Path(name) for name in listed.stdout.split("\0") if name]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Iterator[tuple[Path, Path]]:
    """sdist and wheel, built twice from copies of the checkout that differ in all but content.

    The first copy is new and its wheel is built from its sdist; the second is of 2001, private to
    its owner, written from z to a, and its wheel is built from the copy.
    """
    names = sources(checkout)
    made = []
    for second in (False, True):
        copy = tmp_path_factory.mktemp("second copy" if second else "copy")
        for name in reversed(names) if second else names:
            place = copy / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(checkout / name, place)
            if second:
                place.chmod(0o700 if os.access(place, os.X_OK) else 0o600)
                os.utime(place, (1_000_000_000, 1_000_000_000))
        dist = tmp_path_factory.mktemp("dist")
        command = [sys.executable, "-m", "build", "--outdir", str(dist), str(copy)]
        surroundings = {"SOURCE_DATE_EPOCH": str(EPOCH), "PYTHONHASHSEED": str(1 + second)}
        if second:
            command += ["--sdist", "--wheel"]
            surroundings |= {"TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False,
            env=os.environ | surroundings, umask=0o077 if second else 0o022,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        made.append(dist)
    yield made[0], made[1]


def test_sdist_and_wheel_build_twice_to_the_same_hash(builds: tuple[Path, Path]) -> None:
    hashes = [
        {path.name: sha256(path.read_bytes()).hexdigest() for path in dist.iterdir()}
        for dist in builds
    ]
    assert len(hashes[0]) == 2
    assert hashes[0] == hashes[1]


def test_no_archive_knows_when_or_by_whom_it_was_built(builds: tuple[Path, Path]) -> None:
    """Another day is another clock: every time in the archives is SOURCE_DATE_EPOCH."""
    when = datetime.fromtimestamp(EPOCH, timezone.utc)
    (sdist,) = builds[0].glob("*.tar.gz")
    (wheel,) = builds[0].glob("*.whl")
    with gzip.open(sdist) as stream:
        stream.peek(1)
        assert stream.mtime == EPOCH
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
        assert {member.mtime for member in members} == {EPOCH}
        assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {
            (0, 0, "", "")
        }
        assert {member.mode for member in members} == {0o644, 0o755}
    with zipfile.ZipFile(wheel) as packed:
        dates = {each.date_time for each in packed.infolist()}
    assert dates == {(when.year, when.month, when.day, when.hour, when.minute, when.second)}


def test_the_sdist_holds_the_checkout_and_nothing_else(
    builds: tuple[Path, Path], checkout: Path
) -> None:
    (sdist,) = builds[0].glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {
            Path(*Path(member.name).parts[1:]) for member in archive.getmembers() if member.isfile()
        }
    assert held ^ set(sources(checkout)) == {Path("PKG-INFO")}
