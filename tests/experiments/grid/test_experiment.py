"""The command `experiment`: which cells there are, what is asked for them, and what comes of it."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from data.errors import ConfigError, FolderError
from experiments.benchmarks.simulated import Ask, Reply, Server, SimulatedModel, failure, sections, serving
from experiments.grid.methods import METHODS
from experiments.grid.run import explain_failures, write_recording
from tests.experiments.grid.grids import (
    OUT,
    answered,
    asked,
    experiment,
    reported,
    statuses,
    steps,
    write_paper,
    write_reference,
    write_spec,
)
from tests.experiments.runs import papercoder

TWO = ["a", "b"]


def two_papers() -> list[dict[str, str]]:
    return [{"paper": write_paper(name), "reference": write_reference(name)} for name in TWO]


def test_an_experiment_leaves_cells_papers_and_tables(server: Server) -> None:
    write_spec(papers=two_papers(), methods=["PaperCoder", "Oracle"], protocols=["grounded", "paper"])
    cells, report = reported(server)
    assert statuses(cells) == {(paper, method): "finished" for paper in TWO for method in ("PaperCoder", "Oracle")}
    cell = OUT / "cells/a/papercoder/simulated/1"
    assert {"run.json", "paper.md", "repository", "planning", "transcript.jsonl", "cell.json"} <= names(cell)
    for setting in ("reference-free", "reference-based"):
        assert {"verdict.json", "verdict.md", "components.yaml"} <= names(cell / f"simulated-grounded-{setting}")
        assert {"verdict.json", "verdict.md"} <= names(cell / f"simulated-paper-{setting}")
    assert names(OUT / "papers/a") == {"paper.md", "simulated"}
    assert "components.yaml" in names(OUT / "papers/a/simulated")
    assert set(report.tables) == {"methods-grounded", "methods-paper"}
    assert names(OUT / "report") == {f"{name}.{ending}" for name in report.tables for ending in ("md", "csv", "tex")}
    assert (OUT / "report/methods-grounded.md").read_text() == report.tables["methods-grounded"].markdown()
    assert json.loads((OUT / "experiment.json").read_text())["name"] == "small"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_reference_is_not_compared_with_itself(server: Server) -> None:
    write_spec(methods=["Oracle", "Abstract"])
    oracle, abstract = experiment(server)
    assert [score.setting for score in oracle.scores] == ["reference-free"]
    assert [score.setting for score in abstract.scores] == ["reference-free", "reference-based"]


def test_without_a_reference_there_is_no_comparison_and_no_oracle(server: Server) -> None:
    write_spec(papers=[write_paper("a")])
    abstract, oracle = experiment(server)
    assert [score.setting for score in abstract.scores] == ["reference-free"]
    assert (oracle.status, abstract.status) == ("failed", "finished")
    assert "the method Oracle needs the authors' repository; give the paper a `reference`" in (oracle.error or "")


def test_every_method_writes_a_repository(server: Server) -> None:
    write_spec(methods=list(METHODS), settings=["reference-free"], config={"concurrency": 8})
    cells = experiment(server)
    assert {cell.status for cell in cells} == {"finished"}
    assert {cell.method for cell in cells} == set(METHODS)
    done = steps(server)
    assert done["overall_plan"] == len(["PaperCoder", "+ Overall Plan", "+ Arch.", "+ Logic", "+ Config", "+ Analysis"])
    assert done["architecture_design"] == 5
    assert done["logic_design"] == 4
    assert done["configuration"] == 3
    assert done["file_analysis"] == 2 * 3
    assert done["source_files"] == len(["Abstract", "Paper", "+ Overall Plan"])
    assert done["written_repository"] == done["written_tests"] == 1
    floors = [cell.method for cell in cells if any(score.floor for score in cell.scores)]
    assert floors == [f"adversarial: {name}" for name in ("empty", "readme_only", "config_only", "stubs")]


def test_components_are_asked_for_once_for_each_paper_and_judge(server: Server) -> None:
    with serving(SimulatedModel()) as other:
        second: dict[str, Any] = {"kind": "api", "model": "openai/second", "api_base": other.address}
        write_spec(papers=two_papers(), methods=["Abstract", "Paper", "Oracle"], judges=["simulated", "second"])
        experiment(server, **{f"backbones__second__{key}": value for key, value in second.items()})
        assert steps(other) == {"required_components": 2, "assessment": 2 * 5}
    assert steps(server) == {"required_components": 2, "assessment": 2 * 5, "source_files": 4}


def test_repetitions_are_cells_of_their_own(server: Server) -> None:
    write_spec(repetitions=3)
    cells = experiment(server)
    assert [(cell.method, cell.repetition) for cell in cells] == [*[("Abstract", n) for n in (1, 2, 3)], ("Oracle", 1)]
    assert names(OUT / "cells/a/abstract/simulated") == {"1", "2", "3"}
    assert steps(server)["source_files"] == 3
    assert sorted(asked(server).values()) == [1, 1, 3, 3, 3]  # the repositories came out alike


def test_backbones_are_cells_of_their_own(server: Server) -> None:
    with serving(SimulatedModel(files=4)) as other:
        second: dict[str, Any] = {"kind": "api", "model": "openai/second", "api_base": other.address}
        write_spec(methods=["Abstract"], backbones=["simulated", "second"], judges=["simulated"])
        cells = experiment(server, **{f"backbones__second__{key}": value for key, value in second.items()})
        assert steps(other) == {"source_files": 1}
    assert [cell.backbone for cell in cells] == ["simulated", "second"]
    assert [cell.statistics.files for cell in cells if cell.statistics] == [4, 5]


def test_the_concurrency_is_used_and_never_exceeded(server: Server) -> None:
    full = threading.Event()

    def wait(ask: Ask) -> None:
        if len(server.open) == 3:
            full.set()
        assert full.wait(10)

    server.always = wait
    write_spec(papers=two_papers(), methods=["ChatDev", "Paper", "PaperCoder", "Oracle"])
    experiment(server, concurrency=3, judge__samples=4)
    assert server.most_open == 3


# Cells that fail


def fail_chatdev(ask: Ask) -> Reply | None:
    return failure(400, "no such thing") if ask.step == "technical_proposal" else None


def test_a_cell_that_fails_stops_no_other(server: Server) -> None:
    server.always = fail_chatdev
    write_spec(methods=["ChatDev", "Abstract"])
    cells, report = reported(server)
    assert statuses(cells) == {("a", "ChatDev"): "failed", ("a", "Abstract"): "finished"}
    assert "no such thing" in (cells[0].error or "")
    table = report.tables["methods-grounded"].markdown()
    assert "Not counted, ChatDev: a (failed: method: backbone 'simulated': " in table
    error = explain_failures(cells, OUT)
    assert str(error).startswith("1 of 2 cells failed, the first: ChatDev on a: method: backbone 'simulated': ")
    assert str(error).endswith("The others are in exp; the same command tries these again")


def test_on_the_command_line_a_cell_that_fails_is_exit_1_and_the_table_is_told(server: Server) -> None:
    server.always = fail_chatdev
    write_spec(methods=["ChatDev", "Abstract"])
    ended = papercoder("experiment", "experiment.yaml", "--out", "exp", server=server, judge__samples=1)
    assert ended.returncode == 1
    assert "| Abstract | " in ended.stdout
    assert "exp/report has the tables" in ended.stdout
    assert [line for line in ended.stderr.splitlines() if line.startswith("error: 1 of 2 cells failed")]
    assert "Traceback" not in ended.stderr


def test_a_verdict_that_fails_leaves_the_repository_and_the_other_verdicts(server: Server) -> None:
    server.model.answers["rating"] = lambda ask: "No."
    write_spec(methods=["Abstract"], protocols=["grounded", "paper"])
    (cell,) = experiment(server)
    assert cell.status == "failed"
    assert cell.statistics is not None
    assert {(score.protocol, score.setting) for score in cell.scores} == {
        ("grounded", "reference-free"),
        ("grounded", "reference-based"),
    }


def test_components_that_cannot_be_had_fail_the_verdicts_that_need_them(server: Server) -> None:
    server.model.answers["required_components"] = lambda ask: "No."
    write_spec(papers=two_papers(), methods=["Abstract"], protocols=["grounded", "paper"])
    cells = experiment(server)
    assert {cell.status for cell in cells} == {"failed"}
    assert {score.protocol for cell in cells for score in cell.scores} == {"paper"}


def test_a_paper_that_does_not_exist_fails_its_cells_only(server: Server) -> None:
    write_spec(papers=["gone.md", write_paper("a")], methods=["Abstract"])
    cells = experiment(server)
    assert statuses(cells) == {("gone", "Abstract"): "failed", ("a", "Abstract"): "finished"}
    assert "no file or folder 'gone.md'" in (cells[0].error or "")


def test_an_experiment_of_which_nothing_comes_says_so(server: Server) -> None:
    write_spec(papers=["gone.md"], methods=["Abstract"])
    cells, report = reported(server)
    assert statuses(cells) == {("gone", "Abstract"): "failed"}
    assert server.asks == []
    assert report.tables


# Once more


def test_the_same_experiment_again_asks_nothing_and_says_the_same(server: Server) -> None:
    write_spec(papers=two_papers(), methods=["Abstract", "PaperCoder", "Oracle"], protocols=["grounded", "paper"])
    first = reported(server)
    before = len(server.asks)
    assert reported(server) == first
    assert len(server.asks) == before


def test_once_more_only_what_failed_is_asked_for(server: Server) -> None:
    server.always = fail_chatdev
    write_spec(papers=two_papers(), methods=["ChatDev", "Abstract"], settings=["reference-free"])
    experiment(server)
    server.always = None
    before = answered()
    asks = len(server.asks)
    assert {cell.status for cell in experiment(server)} == {"finished"}
    again = [ask for ask in server.asks[asks:] if before[ask.prompt]]
    assert again == []
    assert {ask.step for ask in server.asks[asks:]} >= {"technical_proposal", "written_repository", "assessment"}
    assert "source_files" not in {ask.step for ask in server.asks[asks:]}


def test_a_method_more_asks_only_for_its_own(server: Server) -> None:
    write_spec(methods=["Abstract"])
    experiment(server)
    before = len(server.asks)
    write_spec(methods=["Abstract", "Paper"])
    assert len(experiment(server)) == 2
    assert sorted(ask.step for ask in server.asks[before:]) == ["assessment", "assessment", "source_files"]


def test_more_samples_ask_only_for_the_further_ones(server: Server) -> None:
    write_spec(methods=["Abstract"], settings=["reference-free"])
    experiment(server, judge__samples=2)
    before = len(server.asks)
    (cell,) = experiment(server, judge__samples=5)
    assert cell.scores[0].valid == 5
    assert [ask.step for ask in server.asks[before:]] == ["assessment"] * 3


def test_a_paper_that_has_changed_is_written_and_judged_anew(server: Server) -> None:
    write_spec(methods=["Abstract"], settings=["reference-free"])
    experiment(server)
    before = len(server.asks)
    write_paper("a")
    Path("a.md").write_text(Path("a.md").read_text().replace("We learn", "We unlearn"))
    experiment(server)
    assert sorted(ask.step for ask in server.asks[before:]) == ["assessment", "required_components", "source_files"]
    assert all("We unlearn" in ask.prompt for ask in server.asks[before:])


def test_a_reference_that_has_changed_is_judged_against_anew(server: Server) -> None:
    write_spec(methods=["Abstract"])
    experiment(server)
    before = len(server.asks)
    Path("a-reference/new.py").write_text("print(1)\n")
    experiment(server)
    assert [ask.step for ask in server.asks[before:]] == ["assessment"]


def test_a_damaged_paper_in_the_folder_is_written_anew(server: Server) -> None:
    write_spec()
    experiment(server)
    kept = (OUT / "papers/a/paper.md").read_bytes()
    (OUT / "papers/a/paper.md").write_bytes(b"\xff")
    assert {cell.status for cell in experiment(server)} == {"finished"}
    assert (OUT / "papers/a/paper.md").read_bytes() == kept


def test_a_paper_of_which_nothing_can_be_kept_fails_its_cells_only(server: Server) -> None:
    write_spec(papers=two_papers(), methods=["Abstract"])
    (OUT / "papers/a/paper.md").mkdir(parents=True)
    assert statuses(experiment(server)) == {("a", "Abstract"): "failed", ("b", "Abstract"): "finished"}


@pytest.mark.parametrize("content", ["{", "[1]", '{"models": 3}'])
def test_a_damaged_experiment_is_named(server: Server, content: str) -> None:
    write_spec()
    experiment(server)
    (OUT / "experiment.json").write_text(content)
    with pytest.raises(FolderError, match=r"experiment\.json is damaged: .*; remove it and run the experiment again"):
        experiment(server)


def test_a_damaged_cell_is_named(server: Server) -> None:
    write_spec()
    experiment(server)
    (OUT / "cells/a/oracle/1/cell.json").write_text("{")
    with pytest.raises(
        FolderError, match=r"oracle/1/cell\.json is damaged: .*; remove it and run the experiment again"
    ):
        experiment(server)


def test_answers_of_another_model_are_not_taken_for_its_own(server: Server) -> None:
    write_spec(methods=["Abstract"])
    experiment(server)
    before = len(server.asks)
    with pytest.raises(FolderError, match="has answers of openai/simulated as backbone 'simulated', which is openai/o"):
        experiment(server, backbones__simulated__model="openai/other")
    assert len(server.asks) == before


def test_the_name_of_a_model_can_be_corrected_before_there_is_an_answer(server: Server) -> None:
    write_spec(methods=["Abstract"])
    server.always = failure(404, "no such model")
    experiment(server, backbones__simulated__model="openai/smiulated")
    server.always = None
    (cell,) = experiment(server)
    assert cell.status == "finished"


# Recordings


def test_a_recording_of_an_experiment_replays_it_offline(server: Server) -> None:
    methods = ["ChatDev", "MetaGPT", "Paper", "PaperCoder", "Oracle"]
    write_spec(papers=two_papers(), methods=methods, protocols=["grounded", "paper"])
    first = reported(server, judge__samples=2)[1]
    assert write_recording(OUT, Path("all.jsonl")) == len(server.asks)
    before = len(server.asks)
    recorded = {"backbone": "recorded", "backbones__recorded__transcript": "all.jsonl", "judge__samples": 2}
    cells, second = reported(server, out=Path("again"), **recorded)
    assert {cell.status for cell in cells} == {"finished"}
    assert len(server.asks) == before
    for name, table in first.tables.items():
        assert second.tables[name].markdown() == table.markdown().replace("simulated", "recorded")


def test_on_the_command_line_record_writes_the_transcript_and_a_file_that_is_there_stays(server: Server) -> None:
    write_spec(methods=["Abstract"], settings=["reference-free"])
    arguments = ("experiment", "experiment.yaml", "--out", "exp", "--record", "all.jsonl")
    ended = papercoder(*arguments, server=server, judge__samples=1)
    assert ended.returncode == 0, ended.stderr
    assert "3 answers are in all.jsonl" in ended.stdout
    before = Path("all.jsonl").read_bytes()
    ended = papercoder(*arguments, server=server, judge__samples=1)
    assert ended.returncode == 1
    assert "all.jsonl exists; remove it or name another file" in ended.stderr
    assert Path("all.jsonl").read_bytes() == before


def test_a_recording_that_the_file_names_is_replayed_from_its_folder(server: Server) -> None:
    write_paper("a", "there")
    write_spec(papers=["there/a.md"], methods=["Abstract"])
    experiment(server)
    write_recording(OUT, Path("there/all.jsonl"))
    spec = write_spec("there/experiment.yaml", papers=["a.md"], methods=["Abstract"], recording="all.jsonl")
    (cell,) = experiment(server, spec, Path("again"), backbone="recorded")
    assert cell.status == "finished"


def test_a_recording_that_is_not_there_is_one_line(server: Server) -> None:
    write_spec(recording="gone.jsonl")
    with pytest.raises(ConfigError, match=r"no recording at .*gone\.jsonl"):
        experiment(server, backbone="recorded")
    assert not OUT.exists()


# The judge's self-test


def nothing_found(server: Server) -> None:
    """Make the judge one that finds nothing of what a paper requires."""

    def answer(ask: Ask) -> str:
        fields = server.model.fields(ask.step, ask.subject, ask.prompt)
        for finding in fields["findings"]:
            finding |= {"status": "missing", "evidence": []}
        return sections(fields)

    server.model.answers["assessment"] = answer


def test_the_self_test_passes_with_a_judge_that_is_not_taken_in(server: Server) -> None:
    nothing_found(server)
    ended = papercoder("judge", "--self-test", "--out", "test", server=server, judge__samples=1)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:7]] == [
        [name, "1.00"] for name in ("empty", "readme_only", "config_only", "stubs", "unrelated", "claims")
    ]
    assert lines[-1] == "passed: none scores more than 2.0 under the protocol grounded"


def test_the_self_test_fails_with_a_judge_that_is_taken_in(server: Server) -> None:
    ended = papercoder("judge", "--self-test", "--out", "test", server=server, judge__samples=1)
    assert ended.returncode == 1
    (error,) = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert error.startswith("error: the judge is taken in by unrelated, claims: more than 2.0 under the protocol grou")
    assert "passed" not in ended.stdout
