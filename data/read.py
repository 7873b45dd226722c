"""The one way to read a paper: a file, a folder, an arXiv id or an address."""

import json
import re
import tempfile
from pathlib import Path

from data.decode import decode
from data.errors import PaperError
from data.paper import Paper

_SIZE_LIMIT = 100_000_000
_GIVE = "give a PDF, LaTeX, Markdown, HTML or s2orc JSON file, a LaTeX folder, an arXiv id or an address"
_MARKDOWN = (".md", ".markdown", ".mmd", ".mkd", ".txt", ".text", "")
_LATEX = (".tex", ".ltx", ".latex")
_HTML = (".html", ".htm", ".xhtml")
_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article)\b", re.I | re.S
)
_LATEX_START = re.compile(r"\\document(?:class|style)\b|\\begin\{document\}")


def read_paper(source: str | Path, arxiv_url: str | None = None) -> Paper:
    """Read a paper.

    Args:
        source: A file (PDF, LaTeX, Markdown, HTML, s2orc JSON, or an archive of LaTeX), a LaTeX folder, an
            arXiv id such as `1706.03762v5`, or an http(s) address.
        arxiv_url: Where arXiv answers; the environment's `PAPERCODER_ARXIV_URL` or https://arxiv.org if None.

    Returns:
        The paper, its `source` named as given.

    Raises:
        PaperError: It cannot be found, fetched or read. The message says what, where, and what to do.
    """
    name = str(source).strip()
    if not name:
        raise PaperError(f"No paper given; {_GIVE}.")
    path = Path(source)
    if isinstance(source, Path) or _exists(path):
        return _read_path(path)
    from data.arxiv import arxiv_id, read_address, read_arxiv

    identifier = arxiv_id(name)
    if identifier:
        return read_arxiv(identifier, name, arxiv_url)
    if re.match(r"https?://", name, re.IGNORECASE):
        return read_address(name, arxiv_url)
    raise PaperError(f"There is no file or folder {name!r}; {_GIVE}.")


def read_bytes(content: bytes, name: str, suffix: str = "") -> Paper:
    """Read a paper that is one file's content, by what it holds and by its suffix.

    Args:
        content: The file.
        name: What a user calls it.
        suffix: The end of its name, such as `.md`; empty where that is not known.
    """
    suffix = suffix.lower()
    if not content.strip():
        raise PaperError(f"{name!r} is empty; {_GIVE}.")
    if content[:1024].lstrip().startswith(b"%PDF-") or suffix == ".pdf":
        return _read_pdf(content, name)
    if content.startswith(b"PK\x03\x04"):
        raise PaperError(f"{name!r} is a zip archive or an office document; unpack or convert it: {_GIVE}.")
    if content.startswith(b"\x1f\x8b") or suffix in (".gz", ".tgz", ".tar"):
        return _read_archive(content, name)
    return _finish(_text_to_markdown(decode(content, name), name, suffix), name)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _read_path(path: Path) -> Paper:
    if not _exists(path):
        raise PaperError(f"There is no file or folder {str(path)!r}; {_GIVE}.")
    if path.is_dir():
        return _read_latex(path, path.name)
    if not path.is_file():
        raise PaperError(f"{str(path)!r} is no regular file; {_GIVE}.")
    try:
        if path.stat().st_size > _SIZE_LIMIT:
            raise PaperError(f"{path.name!r} is larger than {_SIZE_LIMIT:,} bytes; that is no paper.")
        content = path.read_bytes()
    except OSError as error:
        raise PaperError(f"{str(path)!r} cannot be read ({error.strerror}); check its permissions.") from error
    if content.strip() and _is_latex(content, path.suffix.lower()):
        return _read_latex(path, path.name)
    return read_bytes(content, path.name, path.suffix)


def _is_latex(content: bytes, suffix: str) -> bool:
    """Tell whether a file is LaTeX, which is read from its folder because it may include others."""
    if content.startswith((b"%PDF-", b"\x1f\x8b", b"PK\x03\x04")) or b"\0" in content[:4096]:
        return False
    text = content.decode("utf-8", errors="replace")
    if _HTML_START.match(text) or text.lstrip().startswith("{"):
        return False
    if suffix in _LATEX:
        return "\\" in text or not re.search(r"^# ", text, re.MULTILINE)
    return bool(_LATEX_START.search(_uncommented(text))) and not _has_headings(text)


def _uncommented(text: str) -> str:
    return re.sub(r"(?<!\\)%.*", "", text)


def _has_headings(text: str) -> bool:
    return bool(re.search(r"^#{1,6} \S|^(?:=|-){3,}$", text, re.MULTILINE))


def _text_to_markdown(text: str, name: str, suffix: str) -> str:
    if suffix == ".json" or (text.lstrip().startswith("{") and '"pdf_parse"' in text):
        return _json_to_markdown(text, name)
    if _HTML_START.match(text) or suffix in _HTML:
        from data.html import html_to_markdown

        return html_to_markdown(text, name)
    if suffix in _LATEX or (_LATEX_START.search(_uncommented(text)) and not _has_headings(text)):
        return _latex_text_to_markdown(text, name)
    if suffix not in _MARKDOWN:
        raise PaperError(f"{name!r} is of the unknown kind {suffix!r}; {_GIVE}.")
    return text


def _json_to_markdown(text: str, name: str) -> str:
    from data.s2orc import s2orc_to_markdown

    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PaperError(f"{name!r} is no valid JSON ({error}); give the JSON that s2orc-doc2json wrote.") from error
    return s2orc_to_markdown(content, name)


def _latex_text_to_markdown(text: str, name: str) -> str:
    """Read LaTeX that comes without a folder, from the net."""
    from data.latex.read import latex_to_markdown

    with tempfile.TemporaryDirectory(prefix="papercoder-") as folder:
        path = Path(folder) / (re.sub(r"[^\w.-]", "_", Path(name).stem) + ".tex")
        path.write_text(text, encoding="utf-8")
        return latex_to_markdown(path)


def _read_pdf(content: bytes, name: str) -> Paper:
    from data.pdf import pdf_to_markdown

    return _finish(pdf_to_markdown(content, name), name)


def _read_latex(path: Path, name: str) -> Paper:
    from data.latex.read import latex_to_markdown

    return _finish(latex_to_markdown(path), name)


def _read_archive(content: bytes, name: str) -> Paper:
    from data.unpack import unpacked

    with unpacked(content, name) as folder:
        return _read_latex(folder, name)


def _finish(markdown: str, name: str) -> Paper:
    from data.structure import parse_markdown

    paper = parse_markdown(markdown, name)
    words = re.findall(r"[^\W\d_]{2,}", " ".join([paper.abstract, *(section.text for section in paper.sections)]))
    if not paper.title or not words:
        raise PaperError(f"{name!r} has no text of a paper; {_GIVE}.")
    return paper
