"""Tiny packages, made on the spot: no test needs an index."""

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def make_wheel(
    wheelhouse: Path,
    name: str,
    version: str = "1.0",
    requires: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> Path:
    """Make a wheel with one module of the package's name, and what else it is given."""
    folder = f"{name.replace('-', '_')}-{version}"
    contents = {
        f"{name.replace('-', '_')}.py": f"VERSION = {version!r}\n",
        **(files or {}),
        f"{folder}.dist-info/METADATA": "\n".join(
            [
                "Metadata-Version: 2.1",
                f"Name: {name}",
                f"Version: {version}",
                *(f"Requires-Dist: {r}" for r in requires),
            ]
        )
        + "\n",
        f"{folder}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in contents.items())
    contents[f"{folder}.dist-info/RECORD"] = record + f"{folder}.dist-info/RECORD,,\n"
    wheelhouse.mkdir(exist_ok=True)
    wheel = wheelhouse / f"{folder}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return wheel


def make_sdist(wheelhouse: Path, name: str, setup: str, version: str = "1.0") -> Path:
    """Make a source distribution with this setup.py."""
    wheelhouse.mkdir(exist_ok=True)
    sdist = wheelhouse / f"{name}-{version}.tar.gz"
    files = {"setup.py": setup, "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    with tarfile.open(sdist, "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return sdist


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
