"""LaTeX of several files: what is followed, and what is refused."""

from pathlib import Path

import pytest

from data import PaperError, read_paper

MAIN = "\\documentclass{article}\\title{Wool}\\begin{document}\\section{A}Before. %s After.\\end{document}"


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        path = folder / (name.replace("__", "/") + ".tex")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def body(folder: Path) -> str:
    return read_paper(folder).sections[0].text


@pytest.mark.parametrize(
    "command",
    [
        r"\input{parts/one}",
        r"\input{parts/one.tex}",
        r"\include{parts/one}",
        r"\input parts/one ",
        r"\import{parts/}{one}",
    ],
)
def test_follows_an_include(command: str, tmp_path: Path) -> None:
    write(tmp_path, main=MAIN % command, parts__one="Between.")
    assert body(tmp_path) == "Before. Between. After."


def test_a_file_that_is_included_twice_is_there_twice(tmp_path: Path) -> None:
    write(tmp_path, main=MAIN % r"\input{one} \input{one}", one="Again.")
    assert body(tmp_path) == "Before. Again. Again. After."


def test_the_main_file_is_the_one_with_the_document_class(tmp_path: Path) -> None:
    write(tmp_path, a_notes="\\section{Notes}\\title{Not this}", z_paper=MAIN % "", b="% \\documentclass{article} text")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.md").write_text("# Notes\n\nA distractor.\n", encoding="utf-8")
    assert read_paper(tmp_path).title == "Wool"


def test_the_main_file_is_not_one_that_another_includes(tmp_path: Path) -> None:
    sub = "\\documentclass[main]{subfiles}\\begin{document}Sub text that goes on for long. \\end{document}"
    write(tmp_path, aaa=sub * 3, main=MAIN % r"\subfile{aaa}")
    assert read_paper(tmp_path).title == "Wool"


def test_a_commented_include_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, main=MAIN % "% \\input{/etc/passwd}\n")
    assert body(tmp_path) == "Before. After."


@pytest.mark.parametrize(
    "command", [r"\input{../secret}", r"\include{%s}", r"\input{|cat %s}", r"\import{../}{secret}"]
)
def test_rejects_an_include_outside_the_folder_naming_it(command: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.tex"
    secret.write_text("hidden", encoding="utf-8")
    folder = write(tmp_path / "paper", main=MAIN % (command % secret.with_suffix("") if "%s" in command else command))
    with pytest.raises(PaperError) as caught:
        read_paper(folder)
    assert "main.tex" in str(caught.value)
    assert "secret" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_rejects_a_link_that_leads_outside_the_folder_naming_it(tmp_path: Path) -> None:
    (tmp_path / "secret.tex").write_text("hidden", encoding="utf-8")
    folder = write(tmp_path / "paper", main=MAIN % r"\input{one}")
    (folder / "one.tex").symlink_to(tmp_path / "secret.tex")
    with pytest.raises(PaperError, match=r"'one\.tex'.*outside its folder"):
        read_paper(folder)


def test_rejects_a_linked_folder_that_leads_outside(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", secret="hidden")
    folder = write(tmp_path / "paper", main=MAIN % r"\input{parts/secret}")
    (folder / "parts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PaperError, match="outside its folder"):
        read_paper(folder)


def test_a_single_file_may_include_only_from_its_own_folder(tmp_path: Path) -> None:
    write(tmp_path, secret="hidden", paper__main=MAIN % r"\input{../secret}")
    with pytest.raises(PaperError, match="outside its folder"):
        read_paper(tmp_path / "paper" / "main.tex")


def test_rejects_a_missing_include_naming_it(tmp_path: Path) -> None:
    write(tmp_path, main=MAIN % r"\input{gone/part}")
    with pytest.raises(PaperError, match=r"'main\.tex' includes 'gone/part', which is missing"):
        read_paper(tmp_path)


def test_files_of_a_tex_distribution_may_be_missing(tmp_path: Path) -> None:
    write(tmp_path, main=MAIN % r"\input{glyphtounicode}\input{plot.pgf}")
    assert body(tmp_path) == "Before. After."


def test_rejects_an_endless_include(tmp_path: Path) -> None:
    write(tmp_path, main=MAIN % r"\input{one}", one=r"\input{two}", two=r"\input{one}")
    with pytest.raises(PaperError, match="includes itself without end"):
        read_paper(tmp_path)


def test_rejects_includes_that_multiply_without_measure(tmp_path: Path) -> None:
    files = {f"f{i}": rf"\input{{f{i + 1}}}\input{{f{i + 1}}}" for i in range(25)}
    write(tmp_path, main=MAIN % r"\input{f0}", f25="wool " * 100, **files)
    with pytest.raises(PaperError, match="include more than 2,000 files"):
        read_paper(tmp_path)


def test_a_folder_of_fragments_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a="Some text.", b="Other text.")
    with pytest.raises(PaperError, match=r"no main \.tex file"):
        read_paper(tmp_path)
