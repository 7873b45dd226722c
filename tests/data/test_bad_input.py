"""Bad input is a PaperError of one line that names the file."""

import json
import os
from pathlib import Path

import pytest

from data import PaperError, read_paper
from tests.data.small_pdfs import encrypted_pdf, scanned_pdf

BAD_FILES = {
    "empty.md": (b"  \n\n", "is empty"),
    "empty.pdf": (b"", "is empty"),
    "garbage.md": (bytes(range(256)) * 50, "is binary"),
    "garbage.tex": (b"\\section{a}\0\1\2\3" * 50, "is binary"),
    "encoding.md": (b"# \x81\x8d\x8f\x90\x9d" * 50, "unknown encoding"),
    "encrypted.pdf": (encrypted_pdf(), "is encrypted; remove its password"),
    "scanned.pdf": (scanned_pdf(), "has no text layer"),
    "damaged.pdf": (b"%PDF-1.5\nnonsense", "is damaged"),
    "page.pdf": (b"<!DOCTYPE html><html><body>Not found</body></html>", "is damaged or no PDF"),
    "list.json": (b"[1, 2]", "is not s2orc-doc2json"),
    "other.json": (b'{"name": "package", "version": "1"}', "it has no 'pdf_parse'"),
    "wrong.json": (b'{"title": "T", "pdf_parse": {"body_text": "text"}}', "is not s2orc-doc2json"),
    "broken.json": (b'{"title": "T", ', "is no valid JSON"),
    "deep.json": (b"[" * 200_000, "is no valid JSON"),
    "no_text.json": (json.dumps({"title": "T", "pdf_parse": {"body_text": []}}).encode(), "has no body text"),
    "paper.docx": (b"PK\x03\x04rest", "is a zip archive or an office document"),
    "paper.xyz": (b"# Title\n\nText of a paper.", "unknown kind '.xyz'"),
    "paper.tar.gz": (b"\x1f\x8bgarbage", "is a damaged gzip file"),
    "nothing.html": (b"<html><body><nav>Menu</nav></body></html>", "without the text of a paper"),
    "nothing.md": (b"# Title\n\n## 1 Introduction\n", "has no text of a paper"),
    "nothing.tex": (b"\\documentclass{article}\\title{T}\\begin{document}\\end{document}", "has no text"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_one_clear_line_that_names_it(name: str, tmp_path: Path) -> None:
    content, reason = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PaperError) as caught:
        read_paper(tmp_path / name)
    message = str(caught.value)
    assert reason in message
    assert name in message
    assert "\n" not in message


def test_a_missing_path_is_named_with_what_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match=r"no file or folder '.*gone.md'; give a PDF, LaTeX"):
        read_paper(tmp_path / "gone.md")
    with pytest.raises(PaperError, match=r"no file or folder 'gone\.md'"):
        read_paper("gone.md")


def test_no_source_is_refused() -> None:
    with pytest.raises(PaperError, match="No paper given"):
        read_paper("  ")


def test_a_name_that_no_file_system_takes_is_refused() -> None:
    with pytest.raises(PaperError, match="no file or folder"):
        read_paper("x" * 5000)
    with pytest.raises(PaperError, match="no file or folder"):
        read_paper("a\0b")


def test_a_folder_without_latex_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Notes\n\nText.\n", encoding="utf-8")
    with pytest.raises(PaperError, match=r"has no \.tex file"):
        read_paper(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "paper.md")
    with pytest.raises(PaperError, match="no regular file"):
        read_paper(tmp_path / "paper.md")


def test_a_deeply_nested_page_is_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<html><body>" + "<div>" * 5000 + "text " * 50 + "</body></html>", encoding="utf-8")
    try:
        assert "text" in read_paper(path).markdown
    except PaperError as error:
        assert "deep.html" in str(error)
