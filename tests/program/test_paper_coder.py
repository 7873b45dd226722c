"""The whole program on a simulated model behind HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import dspy
import networkx as nx
import pytest
import yaml

from data.errors import FolderError, RejectedAnswer
from experiments.backbones.api import Api
from experiments.backbones.engine import BackboneLM, TranscriptEngine
from experiments.backbones.transcript import Transcript
from experiments.benchmarks.simulated import Ask, Server, SimulatedModel, sections, serving
from experiments.config import ApiBackbone
from program.adapter import SharedPrefixAdapter
from program.folder import RunFolder
from program.paper_coder import PaperCoder, writing_order
from signatures.analysis import FileAnalysis
from signatures.coding import SourceFile
from signatures.planning import ArchitectureDesign, Configuration, LogicDesign, OverallPlan
from signatures.sections import header
from tests.program.scripted import PAPER

SECONDS = 20

DIAMOND = {
    "base.py": [],
    "left.py": ["base.py"],
    "right.py": ["base.py", "config.yaml"],
    "main.py": ["right.py", "left.py"],
    "alone.py": [],
    "tests/test_main.py": ["main.py"],
}
ORDER = ["base.py", "alone.py", "left.py", "right.py", "main.py", "tests/test_main.py"]
"""Its files by depth, then as planned."""

NEEDED = {
    "base.py": [],
    "alone.py": [],
    "left.py": ["base.py"],
    "right.py": ["base.py"],
    "main.py": ["base.py", "left.py", "right.py"],
    "tests/test_main.py": ["base.py", "left.py", "right.py", "main.py"],
}


@pytest.fixture
def model() -> SimulatedModel:
    model = SimulatedModel()
    model.files = DIAMOND
    return model


@pytest.fixture
def server(model: SimulatedModel) -> Iterator[Server]:
    with serving(model) as server:
        yield server


@contextmanager
def connected(server: Server, **settings: Any) -> Iterator[None]:
    """Ask the server, with a transcript of its own, so that every question comes to it."""
    backbone = Api("simulated", ApiBackbone(kind="api", model="openai/simulated", api_base=server.address))
    transcript = Transcript(Path(mkdtemp(dir=".")) / "transcript.jsonl")
    lm = BackboneLM(TranscriptEngine("simulated", backbone, transcript, lambda *_: None), "openai/simulated", 0)
    with dspy.context(lm=lm, adapter=SharedPrefixAdapter(), **settings):
        yield


def run(server: Server, folder: Path | None = None, concurrency: int = 16, **more: Any) -> dspy.Prediction:
    with connected(server, folder=RunFolder(folder) if folder else None):
        return PaperCoder(concurrency)(paper=PAPER, **more)


def steps(server: Server) -> list[tuple[str, str]]:
    return [(ask.step, ask.subject) for ask in server.asks]


def prompts(server: Server) -> dict[tuple[str, str], str]:
    return {(ask.step, ask.subject): ask.prompt for ask in server.asks}


def code_in(prompt: str) -> list[str]:
    """Return the paths of the files whose code a prompt shows, in its order."""
    shown = prompt.partition(header("code"))[2].partition(header("task"))[0]
    return [line.removeprefix("### ") for line in shown.splitlines() if line.startswith("### ")]


def test_a_prediction_has_every_artifact_by_its_type(server):
    prediction = run(server)
    kinds = {name: type(artifact) for name, artifact in prediction.plan.items()}
    assert kinds == {
        "overall_plan": OverallPlan,
        "architecture_design": ArchitectureDesign,
        "logic_design": LogicDesign,
        "configuration": Configuration,
    }
    assert {path: type(analysis) for path, analysis in prediction.analyses.items()} == dict.fromkeys(
        DIAMOND, FileAnalysis
    )
    assert {path: type(source) for path, source in prediction.sources.items()} == dict.fromkeys(DIAMOND, SourceFile)
    assert list(prediction.analyses) == list(prediction.sources) == ORDER


def test_the_repository_is_complete(server):
    prediction = run(server)
    repository = prediction.repository
    assert set(repository) == {*DIAMOND, "config.yaml", "requirements.txt", "README.md"}
    assert repository["main.py"] == prediction.sources["main.py"].content
    assert yaml.safe_load(repository["config.yaml"]) == {"seeds": [0, 1, 2], "rate": 0.1, "quick": {"seeds": [0]}}
    assert repository["requirements.txt"] == "numpy>=1.26\npytest>=8\n"
    assert repository["README.md"].startswith("# Learning to Count\n")
    assert all(text.endswith("\n") and not text.endswith("\n\n") for text in repository.values())


def test_each_question_is_asked_once(server):
    run(server)
    planning = ["overall_plan", "architecture_design", "logic_design", "configuration"]
    assert steps(server)[:4] == [(step, "") for step in planning]
    files = [(step, path) for step in ("file_analysis", "source_file") for path in DIAMOND]
    assert sorted(steps(server)[4:]) == sorted(files)


def test_stops_after_planning(server):
    prediction = run(server, stop_after="planning")
    assert len(server.asks) == 4
    assert isinstance(prediction.plan.configuration, Configuration)
    assert (prediction.analyses, prediction.sources, prediction.repository) == ({}, {}, {})


def test_stops_after_analysis(server):
    prediction = run(server, stop_after="analysis")
    assert {step for step, _ in steps(server)[4:]} == {"file_analysis"}
    assert list(prediction.analyses) == ORDER
    assert (prediction.sources, prediction.repository) == ({}, {})


def test_a_file_is_written_knowing_exactly_the_files_that_it_depends_on_directly_or_not(server):
    run(server)
    found = prompts(server)
    assert {path: code_in(found["source_file", path]) for path in DIAMOND} == NEEDED
    assert "def function_0_base_py" in found["source_file", "tests/test_main.py"]
    assert "def function_0_alone_py" not in found["source_file", "tests/test_main.py"]


def test_a_file_is_written_from_its_own_analysis(server):
    run(server)
    found = prompts(server)
    assert "What main.py does, in detail." in found["source_file", "main.py"]
    assert "What left.py does, in detail." not in found["source_file", "main.py"]


def test_prompts_do_not_depend_on_which_answer_comes_first(server, model):
    run(server)
    first = prompts(server)
    server.asks.clear()
    right_is_there = threading.Event()

    def right_first(ask: Ask) -> str:
        if ask.subject == "left.py":
            assert right_is_there.wait(SECONDS)
        if ask.subject == "right.py":
            right_is_there.set()
        return sections(model.fields(ask.step, ask.subject, ask.prompt))

    model.answers["source_file"] = right_first
    run(server)
    assert prompts(server) == first
    server.asks.clear()
    run(server, concurrency=1)
    assert prompts(server) == first


def test_all_files_are_analysed_at_once(server, model):
    together = threading.Barrier(len(DIAMOND))

    def all_at_once(ask: Ask) -> str:
        together.wait(SECONDS)
        return sections(model.fields(ask.step, ask.subject, ask.prompt))

    model.answers["file_analysis"] = all_at_once
    assert len(run(server).analyses) == len(DIAMOND)


def test_a_file_is_written_while_others_are_still_analysed(server, model):
    written = threading.Event()

    def slow(ask: Ask) -> str:
        assert written.wait(SECONDS)
        return sections(model.fields(ask.step, ask.subject, ask.prompt))

    def last(ask: Ask) -> str:
        written.set()
        return sections(model.fields(ask.step, ask.subject, ask.prompt))

    model.answers["file_analysis", "alone.py"] = slow
    model.answers["source_file", "tests/test_main.py"] = last
    assert set(run(server).sources) == set(DIAMOND)


def test_an_answer_with_a_fault_is_mended_on_the_way(server, model):
    def first_wrong(ask: Ask) -> str:
        right = sections(model.fields(ask.step, ask.subject, ask.prompt))
        return right if ask.again else right.replace("def ", "define ", 1)

    model.answers["source_file", "left.py"] = first_wrong
    prediction = run(server)
    assert steps(server).count(("source_file", "left.py")) == 2
    assert "define" not in prediction.sources["left.py"].content
    assert "is not Python" in prompts(server)["source_file", "left.py"]


def test_a_plan_that_forgets_a_file_goes_back_with_its_name(server, model):
    def forgetful(ask: Ask) -> str:
        fields = model.fields("logic_design", "", "")
        return sections(fields if ask.again else fields | {"tasks": fields["tasks"][:-1]})

    model.answers["logic_design"] = forgetful
    run(server, stop_after="planning")
    assert "the planned file 'tests/test_main.py' has no task" in prompts(server)["logic_design", ""]


def test_a_file_that_cannot_be_written_ends_the_run_and_is_named(server, model):
    model.answers["source_file", "base.py"] = lambda ask: "I will not."
    with pytest.raises(RejectedAnswer, match=r"^coder: source_file of base\.py: 3 answers were rejected"):
        run(server)
    assert not [path for step, path in steps(server) if step == "source_file" and "base.py" in NEEDED[path]]


def test_artifacts_and_code_are_on_disk_as_soon_as_they_are_made(server, model):
    model.answers["source_file", "main.py"] = lambda ask: "I will not."
    with pytest.raises(RejectedAnswer):
        run(server, Path("run"))
    found = {path.relative_to("run/repository").as_posix() for path in Path("run/repository").rglob("*.py")}
    assert {"base.py", "left.py", "right.py"} <= found <= {"base.py", "left.py", "right.py", "alone.py"}


def test_edited_artifacts_are_what_later_stages_read(server):
    run(server, Path("run"), stop_after="planning")
    config = Path("run/planning/config.yaml")
    config.write_text(config.read_text().replace("rate: 0.1", "rate: 0.7"))
    server.asks.clear()
    prediction = run(server, Path("run"))
    assert ("configuration", "") not in steps(server)
    assert "rate: 0.7" in prompts(server)["file_analysis", "main.py"]
    assert "rate: 0.7" in prediction.repository["config.yaml"]


def test_edited_code_is_what_files_that_need_it_are_shown(server):
    run(server, Path("run"))
    Path("run/repository/base.py").write_text("MINE = 1\n")
    server.asks.clear()
    prediction = run(server, Path("run"))
    assert ("source_file", "base.py") not in steps(server)
    assert "### base.py\nMINE = 1\n" in prompts(server)["source_file", "main.py"]
    assert prediction.repository["base.py"] == "MINE = 1\n"


def test_an_edited_plan_with_a_cycle_ends_the_run(server):
    run(server, Path("run"), stop_after="planning")
    path = Path("run/planning/logic_design.yaml")
    fields = yaml.safe_load(path.read_text())
    fields["tasks"][0]["depends_on"] = ["main.py"]
    path.write_text(yaml.safe_dump(fields))
    server.asks.clear()
    with pytest.raises(FolderError, match=r"logic_design\.yaml was edited .* form a cycle: .*base\.py"):
        run(server, Path("run"))
    assert ("file_analysis", "base.py") not in steps(server)


def test_each_role_is_its_own_predictor_by_name():
    assert [name for name, _ in PaperCoder().named_predictors()] == [
        "planner.plan",
        "planner.design",
        "planner.organise",
        "planner.configure",
        "analyst.analyse",
        "coder.write",
    ]


def test_a_compiled_instruction_reaches_the_prompt(server):
    program = PaperCoder()
    signature = program.coder.write.signature
    program.coder.write.signature = signature.with_instructions("Write it briefly.")
    program.save("compiled.json")
    loaded = PaperCoder()
    loaded.load("compiled.json")
    with connected(server):
        loaded(paper=PAPER)
    assert f"{header('task')}\nWrite it briefly.\n" in prompts(server)["source_file", "main.py"]


def test_files_are_ordered_by_depth_then_as_planned():
    files: nx.DiGraph[str] = nx.DiGraph()
    files.add_nodes_from(["z", "late", "a", "m"])
    files.add_edges_from([("a", "m"), ("m", "late")])
    assert writing_order(files) == ["z", "a", "m", "late"]
