"""Papers from arXiv and other addresses: the LaTeX source first, the PDF where there is none."""

import os
import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from data.errors import PaperError
from data.fetch import Answer, MissingFileError, fetch
from data.paper import Paper
from data.read import read_bytes

ARXIV_URL_VARIABLE = "PAPERCODER_ARXIV_URL"
_ARXIV_URL = "https://arxiv.org"
_ID = re.compile(r"(?:\d{4}\.\d{4,5}|[a-z][a-z-]+(?:\.[A-Za-z]{2})?/\d{7})(?:v\d+)?")
_PATH = re.compile(rf"/(?:abs|pdf|html|e-print|src|format|ps)/(?P<id>{_ID.pattern})(?:\.pdf)?/?")
_HOSTS = ("arxiv.org", "www.arxiv.org", "export.arxiv.org", "browse.arxiv.org")
_SUFFIXES = {
    "application/pdf": ".pdf",
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "application/json": ".json",
    "application/x-tex": ".tex",
    "text/x-tex": ".tex",
}


def arxiv_id(name: str) -> str:
    """Give the id that a user names, as `arXiv:1706.03762v5` or `cs/0112017`; empty if it is none."""
    match = re.fullmatch(rf"(?:arxiv:\s*)?({_ID.pattern})", name.strip(), re.IGNORECASE)
    return match[1] if match else ""


def find_arxiv_id(source: str) -> str:
    """Give the arXiv id in what a user has read: an id, an address of arXiv, or a file named by an id; or nothing."""
    path = unquote(urlsplit(source).path) if "://" in source else source
    match = _PATH.fullmatch(path)
    name = re.sub(r"(?i)(\.[a-z_]+)+$", "", path.rpartition("/")[2])
    return arxiv_id(source) or (match["id"] if match else arxiv_id(name))


def read_arxiv(identifier: str, name: str, arxiv_url: str | None = None) -> Paper:
    """Read a paper of arXiv.

    Args:
        identifier: As `arxiv_id` gives it.
        name: What the user has given.
        arxiv_url: Where arXiv answers; the environment or https://arxiv.org if None.
    """
    base = _base(arxiv_url)
    source = _source(f"{base}/e-print/{identifier}")
    if source is not None:
        return read_bytes(source, name)
    try:
        answer = fetch(f"{base}/pdf/{identifier}")
    except MissingFileError as error:
        raise PaperError(f"arXiv has no paper {identifier!r} ({base}); check the id.") from error
    _check_pdf(answer)
    return read_bytes(answer.content, name, ".pdf")


def read_address(url: str, arxiv_url: str | None = None) -> Paper:
    """Read a paper from an address; one of arXiv is read as its id."""
    parts = urlsplit(url)
    match = _PATH.fullmatch(unquote(parts.path))
    if match and (parts.hostname in _HOSTS or url.startswith(_base(arxiv_url) + "/")):
        return read_arxiv(match["id"], url, arxiv_url)
    if parts.hostname in _HOSTS:
        raise PaperError(f"{url} is no address of a paper on arXiv; give https://arxiv.org/abs/ and the id.")
    answer = fetch(url)
    suffix = PurePosixPath(parts.path).suffix.lower()
    if suffix == ".pdf":
        _check_pdf(answer)
    known = suffix in (
        ".pdf",
        ".html",
        ".htm",
        ".tex",
        ".md",
        ".markdown",
        ".json",
        ".gz",
        ".tgz",
        ".tar",
        ".txt",
    )
    return read_bytes(answer.content, url, suffix if known else _SUFFIXES.get(answer.kind, ""))


def _base(arxiv_url: str | None) -> str:
    return (arxiv_url or os.environ.get(ARXIV_URL_VARIABLE) or _ARXIV_URL).rstrip("/")


def _source(url: str) -> bytes | None:
    """Get the source of a paper: an archive, one TeX file, or a PDF; None where arXiv has none."""
    try:
        answer = fetch(url)
    except MissingFileError:
        return None
    return None if _is_page(answer) or not answer.content else answer.content


def _check_pdf(answer: Answer) -> None:
    if b"%PDF-" not in answer.content[:1024]:
        what = "an HTML page" if _is_page(answer) else f"{answer.kind or 'something else'}"
        raise PaperError(f"{answer.url} answers with {what} instead of a PDF; open it in a browser and save the PDF.")


def _is_page(answer: Answer) -> bool:
    start = answer.content[:512].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html")) or (
        answer.kind == "text/html" and not start.startswith(b"%pdf")
    )
