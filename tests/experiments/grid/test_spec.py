"""The YAML file of an experiment: what is wrong with it is one line, and nothing is done."""

from pathlib import Path
from typing import Any

import pytest

from data.benchmarks import load_benchmark
from data.errors import ConfigError
from experiments.benchmarks.simulated import Server
from experiments.grid.papers import list_papers
from experiments.grid.spec import load_spec
from tests.experiments.grid.grids import OUT, experiment, statuses, write_paper, write_reference, write_spec
from tests.experiments.judged import write
from tests.experiments.runs import papercoder

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt key": ({"method": ["Paper"]}, r"unknown key 'method'; did you mean 'methods'\? the choices are name, "),
    "no name": ({"name": None}, "name: Field required"),
    "a name that is a path": ({"name": "a/b"}, "name: String should match pattern"),
    "a misspelt method": (
        {"methods": ["Papercoder"]},
        r"unknown method 'Papercoder'; did you mean 'PaperCoder'\? the choices are ChatDev, MetaGPT, ",
    ),
    "no method": ({"methods": []}, "methods: List should have at least 1 item"),
    "a method twice": ({"methods": ["Abstract", "Abstract"]}, "Abstract on a .* stands twice"),
    "an unknown layout": ({"layouts": ["method"]}, r"unknown layout 'method'; did you mean 'methods'\?"),
    "an unknown protocol": ({"protocols": ["ground"]}, "protocols.0: Input should be 'paper' or 'grounded'"),
    "an unknown setting": ({"settings": ["free"]}, "settings.0: Input should be 'reference-free' or 'reference-based'"),
    "an unknown backbone": ({"backbones": ["simulate"]}, r"backbone is 'simulate': did you mean 'simulated'\?"),
    "an unknown judge": ({"judges": ["simulate"]}, r"backbone is 'simulate': did you mean 'simulated'\?"),
    "a backbone without its key": ({"backbones": ["openai"]}, "backbone 'openai' needs a key: set OPENAI_API_KEY"),
    "a judge without its key": ({"judges": ["openai"]}, "backbone 'openai' needs a key: set OPENAI_API_KEY"),
    "no repetition": ({"repetitions": 0}, "repetitions: Input should be greater than 0"),
    "no paper": ({"papers": []}, "papers: List should have at least 1 item"),
    "a misspelt key of a paper": (
        {"papers": [{"paper": "a.md", "refrence": "a"}]},
        r"papers\.0: unknown key 'refrence'; did you mean 'reference'\? the choices are paper, name, group, reference$",
    ),
    "a misspelt key of a benchmark": (
        {"papers": [{"benchmark": "executability", "venu": "ICML 2024"}]},
        r"papers\.0: unknown key 'venu'; did you mean 'venue'\? the choices are benchmark, ",
    ),
    "a paper that is a number": ({"papers": [1]}, r"papers\.0: Input should be a valid string$"),
    "a paper without its file": ({"papers": [{"name": "a"}]}, r"papers\.0\.paper: Field required$"),
    "two papers of one name": ({"papers": ["a.md", "sub/a.md"]}, "two papers are named 'a'; give each a `name`"),
    "names too much alike": ({"papers": ["a.md", {"paper": "a.md", "name": "A"}]}, "another name is too much like"),
    "no such reference": (
        {"papers": [{"paper": "a.md", "reference": "gone"}]},
        r"no folder gone, the reference of 'a\.md'",
    ),
    "no such benchmark": ({"papers": [{"benchmark": "nothing"}]}, "there is no benchmark 'nothing'; the choices are "),
    "no such venue": (
        {"papers": [{"benchmark": "paper2code", "venue": "ICML 1924"}]},
        "names a list, but no paper of it fits the venue",
    ),
    "no such references": (
        {"papers": [{"benchmark": "executability", "references": "gone"}]},
        "no folder gone; clone the authors' repositories into it",
    ),
    "an arXiv id that is a number": (
        {"papers": [1706.03762]},
        r"papers\.0: .*valid string; put an arXiv id in quotes$",
    ),
    "no such human scores": ({"human": "gone.csv"}, r"cannot read the human scores gone\.csv: No such file"),
    "an alignment without human scores": ({"layouts": ["methods", "alignment"]}, "'alignment' needs human scores"),
    "nothing to compare": ({"layouts": ["backbones"], "methods": ["Oracle"]}, "no cell names a backbone to compare"),
    "a misspelt key of the configuration": (
        {"config": {"judge": {"sampels": 2}}},
        r"unknown key 'judge\.sampels': did you mean 'samples'\?",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_line_and_nothing_is_done(server: Server, name: str) -> None:
    change, message = WRONG[name]
    write_paper("a", "sub")
    write_spec(**change)
    write_paper("a")
    with pytest.raises(ConfigError, match=message) as caught:
        experiment(server)
    assert "\n" not in str(caught.value)
    assert server.asks == []
    assert not OUT.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"cannot read experiment\.yaml: No such file"),
        (b"- a\n", r"experiment\.yaml is not a mapping"),
        (b"", r"experiment\.yaml is not a mapping"),
        (b"a: [\n", r"experiment\.yaml is not YAML"),
        (b"a: \xe9\n", r"experiment\.yaml is not YAML"),
        (b"1: 2\n", "unknown key .*1.*; the choices are "),
    ],
)
def test_a_file_that_is_no_mapping_is_one_line(server: Server, content: bytes | None, message: str) -> None:
    if content is not None:
        Path("experiment.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        experiment(server)
    assert "\n" not in str(caught.value)


def test_relative_paths_start_from_the_folder_of_the_file(server: Server) -> None:
    write_paper("b", "there/papers")
    write_reference("b", "there")
    spec = write_spec("there/experiment.yaml", papers=[{"paper": "papers/b.md", "reference": "b-reference"}])
    cells = experiment(server, spec)
    assert statuses(cells) == {("b", "Abstract"): "finished", ("b", "Oracle"): "finished"}
    assert (OUT / "cells/b/oracle/1/cell.json").is_file()


def test_a_name_and_a_group_are_those_of_the_file(server: Server) -> None:
    write_spec(papers=[{"paper": write_paper("a"), "name": "Counting", "group": "ICML"}], methods=["Abstract"])
    (cell,) = experiment(server)
    assert (cell.paper, cell.group, cell.method, cell.backbone) == ("Counting", "ICML", "Abstract", "simulated")


def test_a_benchmark_reads_the_papers_of_a_folder_and_the_references_under_its_names(server: Server) -> None:
    write("papers", {"color.md": "# CoLoR\n\n## Abstract\n\nIt is short.\n\n## 1 Method\n\nAdd one.\n"})
    write("references/CoLoR", {"main.py": "print(sum([1]))\n"})
    listed = {"benchmark": "executability", "papers": "papers", "references": "references", "first": 1}
    write_spec(papers=[listed])
    cells = experiment(server)
    assert {(cell.paper, cell.method, cell.status) for cell in cells} == {
        ("CoLoR", "Abstract", "finished"),
        ("CoLoR", "Oracle", "finished"),
    }


def test_papers_without_a_name_in_the_list_have_their_references_under_the_words_of_their_titles(
    server: Server,
) -> None:
    (listed,) = load_benchmark("human_evaluation")[3:4]
    write("papers", {f"{listed.arxiv}.md": f"# {listed.title}\n\n## Abstract\n\nShort.\n\n## 1 Method\n\nAdd one.\n"})
    folder = write("references/sea-sparse-linear-attention-with-estimated", {"main.py": "print(sum([1]))\n"})
    spec = load_spec(
        write_spec(papers=[{"benchmark": "human_evaluation", "papers": "papers", "references": "references"}])
    )
    assert [paper.reference for paper in list_papers(spec)][2:5] == [None, folder, None]


def test_an_arxiv_id_is_a_name_as_a_whole() -> None:
    papers = ["1706.03762", "https://arxiv.org/abs/1706.03763v2", "there/a.b.md"]
    spec = load_spec(write_spec(papers=papers))
    assert [paper.name for paper in list_papers(spec)] == ["1706.03762", "1706.03763v2", "a.b"]


def test_papers_without_a_reference_are_named_where_one_is_needed(server: Server, capsys: Any) -> None:
    write_spec(papers=[write_paper("a")], methods=["Abstract"])
    experiment(server)
    assert "no `reference`, so no reference-based score: a\n" in capsys.readouterr().err
    write_spec(papers=[write_paper("a")], methods=["Abstract"], settings=["reference-free"])
    experiment(server)
    assert "no `reference`" not in capsys.readouterr().err


def test_a_backbone_that_would_change_nothing_is_refused(server: Server) -> None:
    write_spec(backbones=["simulated"], judges=["simulated"])
    ended = papercoder("experiment", "experiment.yaml", "--backbone", "mailbox", server=server)
    assert ended.returncode == 2
    assert "names its own `backbones` and `judges`" in ended.stderr
    assert server.asks == []


def test_the_settings_of_the_file_hold_below_those_of_the_command_line(server: Server) -> None:
    write_spec(methods=["Oracle"], config={"judge": {"samples": 5}})
    from experiments.config import load_config

    plan = load_spec(Path("experiment.yaml"))
    assert load_config(base=plan.config).judge.samples == 5
    experiment(server, judge__samples=2)
    assert [ask.step for ask in server.asks].count("assessment") == 2
