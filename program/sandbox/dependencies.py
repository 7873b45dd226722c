"""The packages that a generated repository asks for: parsed, never believed; resolved by uv; kept outside its reach."""

import difflib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from filelock import FileLock
from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion
from uv import find_uv_bin

from data.errors import FolderError, SandboxError
from program.repository import write_text

KNOWN = Path(__file__).with_name("known_packages.txt")
"""Names of packages that research code uses; others are reported."""

ALIKE = 0.8
"""From this likeness on an unknown name, of about the same length, is taken for a misspelt known one, and is not
installed."""

_HASHES = re.compile(r"\s--hash=\S+")

_DISTRIBUTIONS: Mapping[str, str] = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "pil": "pillow",
    "yaml": "pyyaml",
    "pytorch": "torch",
    "skimage": "scikit-image",
    "bs4": "beautifulsoup4",
    "attr": "attrs",
}
"""Names under which packages are imported, where that is not what they are called."""

_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD")


@dataclass(frozen=True)
class Source:
    """Where packages come from."""

    wheelhouse: Path | None = None
    """A folder of wheels that stands in for the package index; None for the index."""
    allow_builds: bool = False
    """Whether packages may be built from source, which runs their code here, outside of any sandbox."""
    allowed: tuple[str, ...] = ()
    """Names of packages that are taken although they look misspelt."""
    timeout: float = 1800
    """Seconds for resolving and for installing, each."""


@dataclass
class Dependencies:
    """What a repository gets."""

    folder: Path | None = None
    """A virtual environment; None if nothing is needed."""
    installed: list[str] = field(default_factory=list)
    """Pinned, e.g. `numpy==2.4.6`."""
    findings: list[str] = field(default_factory=list)
    """What was not installed, or is odd, a line each."""


class _NotInstalled(Exception):
    """Packages were found, but not installed."""


def prepare(requirements: str, cache: Path, source: Source | None = None) -> Dependencies:
    """Make the virtual environment of a repository, or find it in the cache.

    What cannot be resolved or installed is a finding, not an error.

    Args:
        requirements: The text of its requirements.txt.
        cache: Folder of the environments, by the hash of what is in them.
        source: Where packages come from.

    Raises:
        SandboxError: uv itself fails.
        FolderError: The cache cannot be used.
    """
    source = source or Source()
    wanted, findings = parse_requirements(requirements, [canonicalize_name(name) for name in source.allowed])
    found = Dependencies(findings=findings)
    if not wanted:
        return found
    cache = cache.absolute()
    key = _hash(
        "\n".join(sorted(map(str, wanted))),
        str(source.wheelhouse and source.wheelhouse.absolute()),
        str(source.allow_builds),
    )
    pins = cache / f"{key}.txt"
    if pins.is_file():
        found.installed = pins.read_text(encoding="utf-8").splitlines()
    else:
        found.installed, unresolved = _resolve(wanted, source)
        found.findings += unresolved
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(f"cannot use {cache}: {error.strerror}; choose another execution.cache") from error
        if not unresolved:  # what is missing today may be there tomorrow
            write_text(pins, "\n".join(found.installed) + "\n")
    if found.installed:
        try:
            found.folder = _install(found.installed, cache, source)
        except _NotInstalled as error:
            found.installed = []
            found.findings.append(f"the packages cannot be installed: {error}")
    return found


def parse_requirements(text: str, allowed: Collection[str] = ()) -> tuple[list[Requirement], list[str]]:
    """Return what a requirements.txt asks for by name, and a finding for every other line and every odd name.

    Args:
        text: What is in the file.
        allowed: Canonical names of packages that are not odd.
    """
    wanted: dict[str, Requirement] = {}
    findings = []
    for number, line in _lines(text):
        line = _HASHES.sub("", line.split(" #")[0].split("\t#")[0]).strip()
        if not line or line.startswith("#"):
            continue
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            findings.append(
                f"requirements.txt, line {number} is not a package and a version, and is left out: {line[:80]!r}"
            )
            continue
        if requirement.url:
            findings.append(f"requirements.txt, line {number} names an address instead of a version, and is left out")
            continue
        try:
            if requirement.marker and not requirement.marker.evaluate():
                continue
        except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion) as error:
            findings.append(f"requirements.txt, line {number} has a condition that cannot be read: {error}")
            continue
        requirement.name = canonicalize_name(requirement.name)
        if (meant := _DISTRIBUTIONS.get(requirement.name)) and requirement.name not in allowed:
            findings.append(f"the package {requirement.name!r} is called {meant!r}, which is taken instead")
            requirement.name = meant
        odd = None if requirement.name in allowed else _odd(requirement.name)
        if odd:
            findings.append(odd)
            if "looks like" in odd:
                continue
        wanted[str(requirement)] = requirement
    return list(wanted.values()), findings


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers; one that goes on behind a backslash is one."""
    begun, start = "", 0
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        start = start or number
        if line.endswith("\\"):
            begun += line[:-1] + " "
            continue
        yield start, begun + line
        begun, start = "", 0
    if begun:
        yield start, begun


@lru_cache
def _known() -> tuple[str, ...]:
    return tuple(KNOWN.read_text(encoding="utf-8").split())


def is_known(name: str) -> bool:
    """Say whether research code commonly uses a package of this name."""
    return canonicalize_name(name) in _known()


def _odd(name: str) -> str | None:
    if name in _known():
        return None
    near = [known for known in _known() if abs(len(known) - len(name)) <= 1]
    if close := difflib.get_close_matches(name, near, n=1, cutoff=ALIKE):
        return f"the package {name!r} looks like {close[0]!r} misspelt, and is not installed"
    return f"the package {name!r} is not among those that research code commonly uses"


def _resolve(wanted: Sequence[Requirement], source: Source) -> tuple[list[str], list[str]]:
    """Pin all that can be resolved together; of what cannot, each is tried alone and what fails is left out."""
    pinned = _compile(wanted, source)
    if isinstance(pinned, list):
        return pinned, []
    findings, rest = [], []
    for requirement in wanted:
        alone = _compile([requirement], source)
        if isinstance(alone, str):
            findings.append(f"the package {requirement} cannot be installed: {alone}")
        else:
            rest.append(requirement)
    while rest:
        pinned = _compile(rest, source)
        if isinstance(pinned, list):
            return pinned, findings
        findings.append(f"the package {rest[-1]} does not go with the others, and is left out: {pinned}")
        rest.pop()
    return [], findings


def _compile(wanted: Sequence[Requirement], source: Source) -> list[str] | str:
    """Return pinned packages, or why there are none."""
    arguments = [
        "pip",
        "compile",
        "-",
        "--quiet",
        "--no-header",
        "--no-annotate",
        "--no-emit-index-url",
        "--python",
        _interpreter(),  # else uv runs what it finds in the current folder, which may be the repository's
        *_from(source),
    ]
    done = _uv(arguments, source, "\n".join(map(str, wanted)))
    if reason := _reason(done):
        return reason
    return [line for line in done.stdout.splitlines() if line and not line.startswith(("#", "-", " "))]


def _install(pinned: Sequence[str], cache: Path, source: Source) -> Path:
    """Return the virtual environment that has these packages, made if the cache has none."""
    folder = cache / _hash(*pinned, sys.version)
    with FileLock(cache / f"{folder.name}.lock"):
        if folder.is_dir():
            return folder
        new = Path(tempfile.mkdtemp(dir=cache, prefix=".new-"))
        try:
            made = ["venv", "--quiet", "--allow-existing", "--relocatable", "--python", _interpreter(), str(new)]
            if reason := _reason(_uv(made, source)):
                raise SandboxError(f"uv venv failed: {reason}")
            # one call for all: uv asks the interpreter about itself, which a wheel that is there already could abuse
            filled = ["pip", "install", "--quiet", "--no-deps", "--python", str(new), *_from(source), *pinned]
            if reason := _reason(_uv(filled, source)):
                raise _NotInstalled(reason)
            new.chmod(0o755)
            new.replace(folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
    return folder


def _from(source: Source) -> Iterator[str]:
    if not source.allow_builds:
        yield "--no-build"
    if source.wheelhouse:
        yield from ("--no-index", "--find-links", str(source.wheelhouse.absolute()))


def _interpreter() -> str:
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


def _reason(done: "subprocess.CompletedProcess[str]") -> str | None:
    """Return why uv has failed; None if it has not."""
    return " ".join(done.stderr.split())[:300] or f"exit code {done.returncode}" if done.returncode else None


def _uv(arguments: Sequence[str], source: Source, text: str = "") -> "subprocess.CompletedProcess[str]":
    """Run uv without its configuration files and without anything secret in its environment."""
    environment = {name: value for name, value in os.environ.items() if not _is_secret(name)}
    try:
        return subprocess.run(
            [find_uv_bin(), *arguments, "--no-config", "--no-python-downloads"],
            input=text,
            env=environment,
            cwd=Path(sys.base_prefix),
            capture_output=True,
            text=True,
            timeout=source.timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"uv {arguments[0]} took longer than {source.timeout:g} s") from None
    except OSError as error:
        raise SandboxError(f"uv does not start: {error.strerror}") from None


def _is_secret(name: str) -> bool:
    return name.startswith("VIRTUAL_ENV") or any(part in name.upper() for part in _SECRETS)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def environment_of(dependencies: Dependencies) -> Mapping[str, str]:
    """Return the variables with which the packages are found."""
    if dependencies.folder is None:
        return {}
    return {"VIRTUAL_ENV": str(dependencies.folder), "PATH": f"{dependencies.folder}/bin:/usr/local/bin:/usr/bin:/bin"}
