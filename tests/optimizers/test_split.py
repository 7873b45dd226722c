"""No paper stands on two sides."""

import pytest

from data.benchmarks import load_benchmark
from data.errors import ConfigError
from data.paper import Paper
from optimizers.split import Reported, Split, check_split


def paper(title: str, text: str = "", source: str = "") -> Paper:
    return Paper(title=title, abstract=text or f"About {title}.", sections=(), source=source)


ONE, TWO, THREE = paper("One"), paper("Two"), paper("Three")


def refusal(split: Split, *reported: Reported) -> str:
    with pytest.raises(ConfigError) as caught:
        check_split(split, reported)
    return str(caught.value)


def test_different_papers_are_a_split() -> None:
    check_split(Split([ONE], [TWO], [THREE]), [Reported("Four", "1706.03762", "paper2code")])


@pytest.mark.parametrize("split", [Split([], [ONE]), Split([ONE], [])])
def test_an_optimizer_needs_a_paper_to_learn_from_and_one_to_choose_by(split: Split) -> None:
    empty = "dev" if split.train else "train"
    assert refusal(split) == f"compile: no papers in compile.papers.{empty}; an optimizer needs at least one in each"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (ONE, paper("ONE!", "Another text."), "title"),
        (paper("One", source="1706.03762v1"), paper("Other", source="arXiv:1706.03762v5"), "arXiv id"),
        (paper("One", source="1706.03762"), paper("Other", source="https://arxiv.org/abs/1706.03762v2"), "arXiv id"),
        (paper("One", source="https://arxiv.org/pdf/1706.03762"), paper("Other", source="1706.03762.pdf"), "arXiv id"),
        (paper("One", source="papers/1706.03762v3.tar.gz"), paper("Other", source="1706.03762"), "arXiv id"),
        (paper("一", "Same."), paper("一", "Same."), "text"),
    ],
)
def test_a_paper_may_stand_in_one_split_only(first: Paper, second: Paper, same: str) -> None:
    for split, places in (
        (Split([first], [second]), ("dev", "train")),
        (Split([first], [TWO], [second]), ("test", "train")),
        (Split([TWO], [first], [second]), ("test", "dev")),
    ):
        assert refusal(split) == (
            f"compile: {second.title!r} in {places[0]} is {first.title!r} in {places[1]} (same {same}); "
            "a paper may stand in one split only"
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [("solv-int/9701001", "solv-int/9701002"), ("1706.03762", "1706.03763"), ("paper.md", "paper.md")],
)
def test_other_papers_of_one_archive_are_other_papers(first: str, second: str) -> None:
    check_split(Split([paper("One", source=first)], [paper("Two", source=second)]), [])


def test_titles_without_a_latin_letter_are_not_all_the_same() -> None:
    check_split(Split([paper("一")], [paper("二")]), [])


@pytest.mark.parametrize("split", [Split([ONE], [TWO]), Split([TWO], [ONE])])
def test_a_paper_that_is_to_be_reported_is_not_compiled_on(split: Split) -> None:
    place = "train" if split.train == [ONE] else "dev"
    assert refusal(split, Reported("one", None, "paper2code")) == (
        f"compile: 'One' in {place} belongs to the benchmark 'paper2code', which is to be reported (same title); "
        "prompts must not be compiled on it"
    )


def test_a_reported_paper_is_known_by_its_arxiv_id_too() -> None:
    first = next(entry for entry in load_benchmark("paper2code") if entry.arxiv)
    reported = Reported(first.title, first.arxiv, "paper2code")
    assert "(same arXiv id)" in refusal(Split([paper("Retitled", source=f"{first.arxiv}v9")], [TWO]), reported)


def test_reported_papers_may_be_test_papers() -> None:
    check_split(Split([ONE], [TWO], [THREE]), [Reported("Three", None, "paper2code")])
