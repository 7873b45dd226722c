"""The sources that arXiv hands out: a tar archive or one file, compressed, unpacked with limits."""

import io
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.errors import PaperError

_SIZE_LIMIT = 300_000_000
_FILE_LIMIT = 5_000
_PICTURES = (
    ".pdf",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".eps",
    ".ps",
    ".svg",
    ".tif",
    ".tiff",
    ".mp4",
    ".zip",
    ".ttf",
    ".otf",
)


@contextmanager
def unpacked(content: bytes, name: str) -> Iterator[Path]:
    """Unpack LaTeX sources into a temporary folder, pictures left out.

    Args:
        content: A tar archive, or one TeX file, compressed with gzip or not.
        name: What a user calls it.

    Yields:
        The folder, which is removed afterwards.

    Raises:
        PaperError: The archive is damaged, too large, or wants to write outside its folder.
    """
    content = _decompress(content, name)
    with tempfile.TemporaryDirectory(prefix="papercoder-") as temporary:
        folder = Path(temporary) / (re.sub(r"[^\w.-]", "_", name) or "source")
        folder.mkdir()
        if is_tar(content):
            _extract(content, folder, name)
        else:
            (folder / "main.tex").write_bytes(content)
        yield folder


def is_tar(content: bytes) -> bool:
    """Tell whether bytes are a tar archive."""
    return content[257:262] == b"ustar" or _opens_as_tar(content)


def _opens_as_tar(content: bytes) -> bool:
    if b"\0" not in content[:512]:
        return False
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            return archive.next() is not None
    except tarfile.TarError:
        return False


def _decompress(content: bytes, name: str) -> bytes:
    """Decompress gzip, up to the limit."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    stream = zlib.decompressobj(wbits=31)
    try:
        result = stream.decompress(content, _SIZE_LIMIT + 1)
    except zlib.error as error:
        raise PaperError(f"{name!r} is a damaged gzip file ({error}); get it again.") from error
    if len(result) > _SIZE_LIMIT:
        raise PaperError(f"{name!r} unpacks to more than {_SIZE_LIMIT:,} bytes; that is no paper.")
    if not stream.eof:
        raise PaperError(f"{name!r} is a gzip file cut short; get it again.")
    return result


def _extract(content: bytes, folder: Path, name: str) -> None:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            members = [m for m in archive.getmembers() if not m.name.lower().endswith(_PICTURES)]
            if len(members) > _FILE_LIMIT or sum(m.size for m in members) > _SIZE_LIMIT:
                raise PaperError(f"{name!r} unpacks to more than a paper holds ({len(members)} files); refused.")
            archive.extractall(folder, members=members, filter="data")
    except tarfile.FilterError as error:
        raise PaperError(f"{name!r} would write outside its folder: {error}; refused.") from error
    except (tarfile.TarError, OSError) as error:
        raise PaperError(f"{name!r} is a damaged tar archive ({error}); get it again.") from error
