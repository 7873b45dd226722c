"""An image with this interpreter and a few programs, made of the host's own files: no test needs a registry."""

import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

IMAGE = f"localhost/papercoder-test:{sys.version.split()[0].rstrip('+')}"

_PROGRAMS = ("sh", "cat", "head", "sleep", "true", "yes")
_NOT_NEEDED = re.compile(r"/(site-packages|test|idlelib|__pycache__|share|include)(/|$)|\.a$")


def make_image(program: str) -> str | None:
    """Import the image into docker or podman, if it is not there; return why that is not possible."""
    if shutil.which(program) is None:
        return f"{program} is not installed"
    if subprocess.run([program, "image", "inspect", IMAGE], capture_output=True, check=False).returncode == 0:
        return None
    change = "ENV PATH=/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        [program, "import", "--change", change, "-", IMAGE], input=_archive(), capture_output=True, check=False
    )
    return done.stderr.decode() if done.returncode else None


def _archive() -> bytes:
    """Return a file system as a tar: files stand where they stand on the host."""
    python = Path(sys.base_prefix)
    interpreter = python / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    programs = [Path(found) for name in _PROGRAMS if (found := shutil.which(name))]
    library = Path(sysconfig.get_path("stdlib"))
    libraries = _libraries([interpreter, *programs, *library.glob("lib-dynload/*.so")])
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for folder in sorted(_above([interpreter, library, *programs, *libraries])):
            archive.addfile(_member(folder, tarfile.DIRTYPE))
        archive.addfile(_member("tmp", tarfile.DIRTYPE, mode=0o1777))
        for name in ("python", "python3"):
            archive.addfile(_member(f"usr/local/bin/{name}", tarfile.SYMTYPE, str(interpreter)))
        for path in sorted({interpreter, *programs, *libraries}):
            archive.add(path.resolve(), str(path))
        archive.add(library, str(library), filter=_needed)
    return written.getvalue()


def _above(paths: list[Path]) -> set[str]:
    """Return the folders above; an engine would make them for root alone."""
    places = [*paths, *(Path(place) for place in ("/proc/x", "/sys/x", "/dev/x", "/etc/x", "/usr/local/bin/python"))]
    return {str(above)[1:] for path in places for above in path.parents if above != Path("/")}


def _member(name: str, kind: bytes, target: str = "", mode: int = 0o755) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, target, mode
    return member


def _needed(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _NOT_NEEDED.search(member.name) else member


def _libraries(binaries: list[Path]) -> set[Path]:
    done = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False)
    return {Path(found) for found in re.findall(r"(/\S+\.so\S*) \(0x", done.stdout)}
