"""The papers of the Paper2Code paper: its lists, finding a paper in a folder or on arXiv."""

import re
from collections import Counter
from pathlib import Path

import pytest

from data.benchmarks import BenchmarkPaper, benchmark_names, find_paper, load_benchmark, read_benchmark_paper
from data.errors import ConfigError, PaperError
from data.paper import slug
from tests.data import small_papers
from tests.data.test_arxiv import Server, serve_source, server, tar

__all__ = ["server"]

SHEEP = BenchmarkPaper(title=small_papers.TITLE, name="sheep-counter", arxiv="2401.00001")
UNKNOWN = BenchmarkPaper(title="Counting: Goats?", name="Goat_Counter")


def latex(title: str) -> str:
    return rf"\documentclass{{article}}\title{{{title}}}\begin{{document}}\maketitle Sheep are many.\end{{document}}"


def write(folder: Path, name: str, content: str = small_papers.MARKDOWN) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_there_are_three_benchmarks_of_90_13_and_5_papers() -> None:
    sizes = {name: len(load_benchmark(name)) for name in benchmark_names()}
    assert sizes == {"executability": 5, "human_evaluation": 13, "paper2code": 90}


def test_paper2code_has_30_papers_of_each_venue_with_score_repository_and_name() -> None:
    papers = load_benchmark("paper2code")
    assert Counter(paper.venue for paper in papers) == {"ICLR 2024": 30, "NeurIPS 2024": 30, "ICML 2024": 30}
    assert Counter(paper.kind for paper in papers) == {"oral": 14, "poster": 76}
    assert all(paper.score and 3.6 <= paper.score <= 4 for paper in papers)
    assert all(re.fullmatch(rf"https://github\.com/[\w-]+/{paper.name}", paper.repository or "") for paper in papers)


@pytest.mark.parametrize("benchmark", ["paper2code", "human_evaluation", "executability"])
def test_no_two_papers_of_a_benchmark_are_found_by_one_name(benchmark: str) -> None:
    names: Counter[str] = Counter()
    for paper in load_benchmark(benchmark):
        names.update({slug(name) for name in (paper.title, paper.name, paper.arxiv) if name})
    assert set(names.values()) == {1}


def test_known_papers_are_listed_as_in_the_tables() -> None:
    papers = {paper.name: paper for paper in load_benchmark("paper2code")}
    assert papers["schedule_free"] == BenchmarkPaper(
        title="The Road Less Scheduled",
        venue="NeurIPS 2024",
        kind="oral",
        score=4.0,
        repository="https://github.com/facebookresearch/schedule_free",
        name="schedule_free",
        arxiv="2405.15682",
    )
    assert papers["SMM"].title == "Sample-specific Masks for Visual Reprogramming-based Prompting"
    assert papers["CurBench"].arxiv is None
    sketch = next(paper for paper in load_benchmark("human_evaluation") if paper.title.startswith("Sketch-of-Thought"))
    assert (sketch.score, sketch.venue, sketch.repository, sketch.name) == (4.0, "", None, None)
    assert [paper.name for paper in load_benchmark("executability")] == [
        "CoLoR",
        "cognitive-behaviors",
        "RADA",
        "Self-Instruct",
        "G-EVAL",
    ]


@pytest.mark.parametrize("name", ["paperbench", "", "../benchmarks/paper2code"])
def test_an_unknown_benchmark_is_an_error_that_names_the_choices(name: str) -> None:
    with pytest.raises(ConfigError, match="executability, human_evaluation, paper2code"):
        load_benchmark(name)


@pytest.mark.parametrize(
    "name",
    [
        f"{small_papers.TITLE}.md",
        "counting_sheep-with damped  averages.PDF",
        "sheep-counter.html",
        "Sheep_Counter.tex",
        "sheep-counter_cleaned.json",
        "2401.00001.json",
        "2401.00001v3.pdf",
        "2401.00001v3.tar.gz",
    ],
)
def test_a_file_is_found_by_title_repository_or_arxiv_id(name: str, tmp_path: Path) -> None:
    write(tmp_path, "another-counter.pdf")
    write(tmp_path, "sheep.pdf")
    path = write(tmp_path, name)
    assert find_paper(SHEEP, tmp_path) == str(path)


def test_a_folder_of_latex_is_found_and_other_folders_are_not(tmp_path: Path) -> None:
    write(tmp_path, "sheep-counter/main.py", "print()")
    assert find_paper(SHEEP, tmp_path) == "2401.00001"
    write(tmp_path, "2401.00001v2/source/main.tex", small_papers.LATEX)
    assert find_paper(SHEEP, tmp_path) == str(tmp_path / "2401.00001v2")


def test_the_cleaned_json_goes_before_the_raw_one(tmp_path: Path) -> None:
    raw, cleaned = write(tmp_path, "sheep-counter.json"), write(tmp_path, "sheep-counter_cleaned.json")
    assert find_paper(SHEEP, tmp_path) == str(cleaned)
    cleaned.unlink()
    assert find_paper(SHEEP, tmp_path) == str(raw)


def test_latex_goes_before_json_and_json_before_pdf(tmp_path: Path) -> None:
    names = ["2401.00001.tex", "sheep-counter.md", "2401.00001_cleaned.json", "sheep-counter.json", "2401.00001.pdf"]
    paths = [write(tmp_path, name) for name in names]
    for path in paths:
        assert find_paper(SHEEP, tmp_path) == str(path)
        path.unlink()


def test_without_a_file_the_arxiv_id_is_given(tmp_path: Path) -> None:
    write(tmp_path, "another-counter.pdf")
    write(tmp_path, "sheep-counter.docx")
    write(tmp_path, "._sheep-counter.pdf")
    assert find_paper(SHEEP, tmp_path) == find_paper(SHEEP, None) == "2401.00001"


def test_a_paper_with_neither_file_nor_id_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    for folder, where in ((tmp_path, str(tmp_path)), (None, "no folder of papers is given")):
        with pytest.raises(PaperError) as caught:
            find_paper(UNKNOWN, folder)
        message = str(caught.value)
        assert "Counting: Goats?" in message and where in message and "'Goat_Counter.pdf'" in message
        assert "\n" not in message


def test_a_folder_of_papers_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PaperError, match=r"no folder of papers '.*nowhere'"):
        find_paper(SHEEP, tmp_path / "nowhere")


def test_a_file_of_the_folder_is_read_without_asking_arxiv(server: Server, tmp_path: Path) -> None:
    write(tmp_path, "sheep-counter.md", small_papers.MARKDOWN.replace(small_papers.TITLE, "A Preprint on Sheep"))
    assert read_benchmark_paper(SHEEP, tmp_path).title == "A Preprint on Sheep"
    assert server.asked == []


@pytest.mark.parametrize(
    "title",
    [
        small_papers.TITLE,
        "COUNTING SHEEP, with damped averages.",
        r"Counting Sheep\\with \texttt{Damped} Averages",
        r"Counting $\mathtt{Sheep}$ with \emph{Damped}-Averages",
    ],
)
def test_a_fetched_paper_may_differ_in_case_and_punctuation_of_its_title(
    title: str, server: Server, tmp_path: Path
) -> None:
    serve_source(server, tar(main=latex(title)))
    assert read_benchmark_paper(SHEEP, tmp_path).source == "2401.00001"


def test_another_paper_under_the_id_is_an_error_that_names_both_titles(server: Server) -> None:
    serve_source(server, tar(main=latex("Shearing Sheep")))
    with pytest.raises(PaperError, match=rf"'2401\.00001'.*'Shearing Sheep'.*'{small_papers.TITLE}'"):
        read_benchmark_paper(SHEEP, None)
