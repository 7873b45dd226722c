"""The command `judge`: one verdict on one repository."""

import json
import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run, Trace

from data.errors import BackboneError, ConfigError, FolderError, PaperCoderError, PaperError, RejectedAnswer
from experiments.backbones.transcript import Transcript
from experiments.benchmarks.simulated import Ask, Reply, Server, SimulatedModel, completion, failure, sections, serving
from experiments.judging import load_requirements
from tests.experiments.judged import judge, steps, verdict, write
from tests.experiments.runs import command, papercoder, run, state

TRACKED = {"tracking__enabled": "true"}
CLI = ("judge", "repository", "--paper", "paper.md", "--out", "verdict")


@pytest.fixture(autouse=True)
def _repository(paper: Path) -> None:
    write("repository")


def test_a_verdict_is_told_and_kept(server: Server) -> None:
    lines = judge(server)
    assert steps(server) == ["required_components", "assessment", "assessment"]
    found = verdict()
    assert (found.protocol, found.setting, found.requested, found.valid) == ("grounded", "reference-free", 2, 2)
    assert lines == [
        f"{found.score:.2f} of 5 (standard deviation 0.00): protocol grounded, reference-free",
        "  2 of 2 samples valid",
        f"  weighted share of the required components that are implemented: {found.coverage:.0%}",
        "  3 files, 6 lines, 1 functions, 19 tokens",
        "  verdict/verdict.md has the critiques",
    ]
    assert sorted(path.name for path in Path("verdict").iterdir() if path.name != ".lock") == [
        "components.yaml",
        "question.json",
        "transcript.jsonl",
        "verdict.json",
        "verdict.md",
    ]
    assert load_requirements(Path("verdict/components.yaml")).components == list(found.components)
    page = Path("verdict/verdict.md").read_text()
    assert page.startswith(f"# Verdict: {found.score:.2f} of 5")
    assert "low: main.py: The rate is another one." in page


def test_a_verdict_without_out_lies_under_verdicts_in_a_folder_of_its_question(server: Server) -> None:
    told = judge(server, out=None)[-1]
    (folder,) = Path("verdicts").iterdir()
    assert folder.name.startswith("learning-to-count-")
    assert told == f"  {folder}/verdict.md has the critiques"
    judge(server, out=None)
    judge(server, out=None, judge__samples=1)
    assert len(list(Path("verdicts").iterdir())) == 2
    assert len(server.asks) == 3 + 2


def test_the_protocol_of_the_paper_needs_no_components(server: Server) -> None:
    lines = judge(server, judge__protocol="paper")
    assert steps(server) == ["rating", "rating"]
    assert verdict().samples[0].score in (2, 3, 4)
    assert lines[0].endswith(": protocol paper, reference-free")
    assert not Path("verdict/components.yaml").exists()
    assert not any("required components" in line for line in lines)


@pytest.mark.parametrize("protocol", ["grounded", "paper"])
def test_a_reference_is_shown_beside_the_repository(server: Server, protocol: str) -> None:
    write("theirs", {"theirs.py": "def add(x):\n    return 1 + x\n"})
    judge(server, reference="theirs", judge__protocol=protocol)
    found = verdict()
    assert found.setting == "reference-based"
    assert found.reference is not None
    assert found.reference.shown == ("theirs.py",)
    judged = [ask.prompt for ask in server.asks if ask.step != "required_components"]
    assert all(prompt.index("### theirs.py") < prompt.index("### main.py") for prompt in judged)


def test_components_that_are_given_are_not_asked_for(server: Server) -> None:
    judge(server, out="first")
    listed = yaml.safe_load(Path("first/components.yaml").read_text())
    listed["components"][0]["name"] = "mine"
    Path("mine.yaml").write_text(yaml.safe_dump(listed))
    del server.asks[:]
    judge(server, components="mine.yaml", out="second")
    assert steps(server) == ["assessment", "assessment"]
    assert verdict("second").components[0].name == "mine"
    assert {finding.component for finding in verdict("second").samples[0].findings} == {"mine", "method", "evaluation"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "it is empty"),
        ({"config.yaml": "seed: 0\n"}, "it has no executable code, only settings or prose"),
        ({"main.py": "def main():\n    pass\n"}, "its functions are stubs: nothing in it computes anything"),
    ],
)
def test_a_repository_with_nothing_to_judge_gets_the_lowest_score_and_no_model_is_asked(
    server: Server, files: dict[str, str], reason: str
) -> None:
    Path("hollow").mkdir()
    lines = judge(server, str(write("hollow", files)))
    assert server.asks == []
    assert lines[:2] == ["1.00 of 5: protocol grounded, reference-free", f"  no model was asked: {reason}"]
    assert (verdict().score, verdict().floor) == (1.0, reason)
    assert f"No model was asked: {reason}." in Path("verdict/verdict.md").read_text()


@pytest.mark.parametrize("place", ["out", "out/repository"])
def test_the_repository_of_a_run_needs_no_paper(server: Server, place: str) -> None:
    run(server)
    judge(server, place, None)
    assert len(verdict().repository.shown) == 6
    assert verdict().valid == 2


def test_the_repository_of_a_run_is_known_from_within(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    run(server)
    monkeypatch.chdir("out/repository")
    judge(server, ".", None, out="../../verdict")
    assert len(verdict("../../verdict").repository.shown) == 6


def test_another_folder_in_that_of_a_run_is_not_what_it_wrote(server: Server) -> None:
    run(server)
    write("out/theirs")
    with pytest.raises(ConfigError, match="out/theirs does not lie in the folder of a run"):
        judge(server, "out/theirs", None)


def test_a_run_that_is_not_finished_is_judged_and_said_to_be_so(server: Server, capsys: Any) -> None:
    server.model.answers["source_file", "main.py"] = lambda ask: "No."
    with pytest.raises(RejectedAnswer):
        run(server)
    judge(server, "out", None)
    assert "the run in out is not finished (failed); its repository is judged as it is" in capsys.readouterr().err


def test_a_paper_that_is_named_goes_before_that_of_the_run(server: Server) -> None:
    run(server)
    Path("other.md").write_text("# Another\n\n## Abstract\n\nOther.\n\n## 1 Method\n\nSubtract.\n")
    judge(server, "out", "other.md")
    assert all("Subtract." in ask.prompt for ask in server.asks[10:])


# What MLflow has of it


@pytest.fixture
def client(store: Path) -> MlflowClient:
    return MlflowClient(f"sqlite:///{store}")


def runs(client: MlflowClient) -> dict[str, Run]:
    """Return the runs of the store by what they are, after seeing that all are closed."""
    found = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert {each.info.status for each in found} == {"FINISHED"}
    return {each.data.tags.get("kind", "run"): each for each in found}


def traces(client: MlflowClient, of: Run) -> list[Trace]:
    experiments = [e.experiment_id for e in client.search_experiments()]
    found = client.search_traces(locations=experiments)
    return [trace for trace in found if trace.info.request_metadata["mlflow.sourceRun"] == of.info.run_id]


def test_a_verdict_is_in_mlflow_with_metrics_artifacts_and_its_rationale(server: Server, client: MlflowClient) -> None:
    judge(server, **TRACKED)
    found, (only,) = verdict(), runs(client).values()
    assert only.data.tags["paper"] == "Learning to Count"
    assert (only.data.tags["kind"], only.data.tags["backbone"]) == ("judge", "simulated")
    assert only.data.metrics["grounded.reference-free.score"] == found.score
    assert only.data.metrics["grounded.reference-free.samples_valid"] == 2
    assert only.data.metrics["grounded.reference-free.critiques_low"] == 1
    assert only.data.metrics["repository.files"] == 3
    assert {artifact.path for artifact in client.list_artifacts(only.info.run_id)} == {
        "components.yaml",
        "question.json",
        "transcript.jsonl",
        "verdict.json",
        "verdict.md",
    }
    (trace,) = traces(client, only)
    assert_assessed(trace, found.samples[0].score)


def assert_assessed(trace: Trace, score: float) -> None:
    """Both samples stand beside the trace, each with its score and its critiques."""
    assert [each.name for each in trace.info.assessments] == ["correctness (grounded, reference-free)"] * 2
    for each in trace.info.assessments:
        assert each.feedback is not None
        assert each.feedback.value == score
        assert "low: main.py: The rate is another one." in (each.rationale or "")
        assert (each.source.source_type, each.source.source_id) == ("LLM_JUDGE", "simulated")


def test_a_verdict_on_a_run_stands_beside_that_run_too(server: Server, client: MlflowClient) -> None:
    run(server, **TRACKED)
    judge(server, "out", None, **TRACKED)
    ours = runs(client)["run"]
    assert ours.info.run_id == state().mlflow_run
    assert ours.data.metrics["grounded.reference-free.score"] == verdict().score
    assert ours.data.metrics["repository.files"] == 6
    (trace,) = traces(client, ours)
    (critique,) = verdict().samples[0].critiques
    assert len(trace.info.assessments) == 2
    for each in trace.info.assessments:
        assert each.feedback is not None
        assert each.feedback.value == verdict().samples[0].score
        assert f"low: {critique.file}: {critique.text}" in (each.rationale or "")


def test_a_run_that_was_not_tracked_can_be_judged(server: Server, client: MlflowClient) -> None:
    run(server)
    judge(server, "out", None, **TRACKED)
    assert list(runs(client)) == ["judge"]


# Samples that are not valid


def wrong(ask: Ask) -> str:
    return "No."


def test_samples_that_cannot_be_used_are_counted_apart(server: Server) -> None:
    server.replies |= {2: completion("No."), 4: completion("No.")}  # the first sample that comes, and again
    server.model.answers["assessment"] = lambda ask: (
        "No." if ask.again else sections(server.model.fields(ask.step, ask.subject, ask.prompt))
    )
    lines = judge(server, judge__samples=3)
    assert steps(server) == ["required_components", *["assessment"] * 4]
    found = verdict()
    assert (found.requested, found.valid, len(found.invalid)) == (3, 2, 1)
    assert found.score == found.samples[0].score == found.samples[1].score
    assert lines[1] == "  2 of 3 samples valid"
    assert lines[2].startswith("  invalid: judge: assessment: 2 answers were rejected")
    assert "## Invalid sample" in Path("verdict/verdict.md").read_text()


def test_no_valid_sample_is_no_verdict_and_the_same_command_asks_again(server: Server) -> None:
    server.model.answers["assessment"] = wrong
    with pytest.raises(RejectedAnswer) as caught:
        judge(server)
    assert str(caught.value).startswith("none of 2 samples of the judge is valid; the first: judge: assessment: ")
    assert caught.value.__notes__ == ["what was done is in verdict; the same command goes on"]
    assert not Path("verdict/verdict.json").exists()
    server.model.answers.clear()
    asked = len(server.asks)
    judge(server)
    assert verdict().valid == 2
    assert "required_components" not in steps(server)[asked:]


def test_on_the_command_line_no_valid_sample_is_one_line_and_exit_1(server: Server) -> None:
    server.model.answers["rating"] = wrong
    ended = papercoder(*CLI, server=server, judge__samples=2, judge__protocol="paper")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert [line for line in ended.stderr.splitlines() if line.startswith("error: none of 2 samples")]
    assert "Traceback" not in ended.stderr


def test_a_failing_provider_is_exit_1_and_no_sample_is_lost(server: Server) -> None:
    server.replies[2] = failure(400, "no such thing")
    ended = papercoder(*CLI, server=server, judge__samples=3)
    assert ended.returncode == 1
    (error,) = [line for line in ended.stderr.splitlines() if line.startswith("error:")]
    assert "no such thing" in error
    assert error.endswith("; what was done is in verdict; the same command goes on")
    assert not Path("verdict/verdict.json").exists()
    kept = len(Transcript(Path("verdict/transcript.jsonl")).entries)
    del server.asks[:], server.replies[2]
    judge(server, judge__samples=3)
    assert kept + len(server.asks) == 4


def test_a_failing_provider_fails_the_mlflow_run(server: Server, client: MlflowClient) -> None:
    server.replies[0] = failure(400, "no such thing")
    with pytest.raises(BackboneError, match="no such thing"):
        judge(server, **TRACKED)
    (found,) = client.search_runs([e.experiment_id for e in client.search_experiments()])
    assert found.info.status == "FAILED"


# Once more


def test_the_same_question_again_asks_nothing(server: Server, client: MlflowClient) -> None:
    first = judge(server, **TRACKED)
    asked = len(server.asks)
    assert judge(server, **TRACKED) == first
    assert len(server.asks) == asked
    assert len(runs(client)) == 1


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.parametrize("before", [True, False])
def test_a_judge_that_is_killed_goes_on_and_repeats_no_call(server: Server, number: int, before: bool) -> None:
    def kill() -> None:
        os.kill(process.pid, signal.SIGKILL)

    def answer(ask: Ask) -> Reply:
        if before:
            kill()
        return Reply(completion(server.model.answer(ask), ask.prompt).body, then=kill)

    server.replies[number] = answer
    process = subprocess.Popen(command(*CLI, server=server, judge__samples=4), stderr=subprocess.DEVNULL)
    assert process.wait(60) == -signal.SIGKILL
    transcript = Transcript(Path("verdict/transcript.jsonl"))
    answered = [entry.step for entry in transcript.entries]
    with serving(SimulatedModel()) as fresh:
        judge(fresh, judge__samples=4)
    assert verdict().valid == 4
    assert Counter(answered + steps(fresh)) == {"required_components": 1, "assessment": 4}


@pytest.mark.parametrize(
    "change",
    [
        {"judge__samples": 3},
        {"judge__protocol": "paper"},
        {"reference": "repository"},
        {"paper": "other.md"},
        {"backbones__simulated__model": "openai/other"},
    ],
)
def test_another_question_is_refused_in_the_folder_of_the_first(server: Server, change: dict[str, Any]) -> None:
    Path("other.md").write_text("# Another\n\n## Abstract\n\nOther.\n\n## 1 Method\n\nSubtract.\n")
    judge(server)
    before = Path("verdict/verdict.json").read_bytes()
    with pytest.raises(FolderError, match="verdict holds a verdict on another question; choose another --out"):
        judge(server, **change)
    assert Path("verdict/verdict.json").read_bytes() == before
    assert len(server.asks) == 3


def test_a_repository_that_has_changed_is_another_question(server: Server) -> None:
    judge(server)
    write("repository", {"new.py": "print(1)\n"})
    with pytest.raises(FolderError, match="another question"):
        judge(server)


def test_a_folder_with_something_else_is_refused(server: Server) -> None:
    run(server, stop_after="planning")
    with pytest.raises(FolderError, match="out holds something else; choose another --out"):
        judge(server, out="out")
    assert json.loads(Path("out/run.json").read_text())["status"] == "stopped"
    assert not Path("out/question.json").exists()


def test_a_damaged_verdict_is_named(server: Server) -> None:
    judge(server)
    Path("verdict/verdict.json").write_text("{")
    with pytest.raises(FolderError, match=r"verdict/verdict\.json is damaged: .*; remove it and run the command again"):
        judge(server)
    Path("verdict/verdict.json").unlink()
    judge(server)
    assert len(server.asks) == 3


# What is seen of it


def test_of_a_repository_that_is_too_long_files_are_chosen_and_the_verdict_says_which(server: Server) -> None:
    for number in range(8):
        write("repository", {f"long_{number}.py": "x = 1  # of many lines\n" * 200})
    room = {"backbones__simulated__context_tokens": 6_000 + 2 * 16_000 + 6_000 + 5_000}
    lines = judge(server, **room)
    assert steps(server)[0] == "selection"
    seen = verdict().repository
    assert 0 < len(seen.shown) < 11
    assert len(seen.shown) + len(seen.left_out) == 11
    assert set(seen.left_out.values()) == {"not chosen: there is no room for all"}
    (unseen,) = [line for line in lines if "not seen" in line]
    assert unseen == (
        f"  {len(seen.left_out)} files of the repository were not seen; verdict/verdict.md says which and why"
    )
    page = Path("verdict/verdict.md").read_text()
    assert all(f"- `{path}`: not chosen" in page for path in seen.left_out)
    assert all(f"### {path}" not in server.asks[-1].prompt for path in seen.left_out)


def test_a_repository_of_which_no_file_fits_is_one_line(server: Server) -> None:
    write("huge", {"main.py": "print(sum([1]))\n" * 4_000})
    with pytest.raises(ConfigError, match="no file of the repository fits into the rest") as caught:
        judge(server, "huge", backbones__simulated__context_tokens=25_000)
    assert "\n" not in str(caught.value)
    assert server.asks == []


# What is missing


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"repository": "gone"}, FolderError, "no folder gone; name the folder of a repository"),
        ({"paper": None}, ConfigError, "repository does not lie in the folder of a run; name its paper with --paper"),
        ({"paper": "gone.md"}, PaperError, r"no file or folder 'gone\.md'"),
        (
            {"out": "repository/verdict"},
            FolderError,
            "repository/verdict would lie in repository, which the judge reads",
        ),
        ({"repository": "."}, FolderError, "verdict would lie in ., which the judge reads; choose another --out"),
        ({"reference": "theirs", "out": "theirs"}, FolderError, "theirs would lie in theirs, which the judge reads"),
        ({"reference": "gone"}, FolderError, "no folder gone; name the folder of a repository"),
        ({"reference": "empty"}, FolderError, "no file of the reference can be shown: it is empty"),
        ({"components": "gone.yaml"}, FolderError, r"cannot read gone\.yaml: No such file or directory"),
        ({"components": "paper.md"}, FolderError, r"paper\.md cannot be used: "),
        ({"components": "few.yaml"}, FolderError, r"few\.yaml cannot be used: components: List should have at least 3"),
        ({"components": "torn.yaml"}, FolderError, r"torn\.yaml cannot be used: "),
        ({"components": "latin.yaml"}, FolderError, r"latin\.yaml cannot be used: "),
        ({"roles__judge": "openai"}, ConfigError, "backbone 'openai' needs a key: set OPENAI_API_KEY"),
        ({"backbone": "null"}, ConfigError, "no backbone to run on"),
        ({"backbone": "recorded"}, ConfigError, "name it with --set backbones.recorded.transcript=FILE"),
    ],
)
def test_what_is_missing_is_one_line_and_nothing_is_asked(
    server: Server, change: dict[str, Any], error: type[PaperCoderError], message: str
) -> None:
    Path("empty").mkdir()
    write("theirs")
    Path("few.yaml").write_text("components: []\n")
    Path("torn.yaml").write_text("components: [\n")
    Path("latin.yaml").write_bytes(b"components: [\xe9]\n")
    with pytest.raises(error, match=message) as caught:
        judge(server, **change)
    assert "\n" not in str(caught.value)
    assert server.asks == []
    assert not Path("verdict/verdict.json").exists()


def test_the_role_of_the_judge_has_a_backbone_of_its_own(server: Server) -> None:
    with serving(SimulatedModel()) as other:
        own = {"kind": "api", "model": "openai/own", "api_base": other.address}
        judge(server, roles__judge="own", **{f"backbones__own__{key}": value for key, value in own.items()})
        assert len(other.asks) == 3
    assert server.asks == []


def test_on_the_command_line_a_verdict_is_told_on_standard_output_with_exit_0(server: Server) -> None:
    ended = papercoder(*CLI, server=server, judge__samples=2)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[
        0
    ] == f"{verdict().score:.2f} of 5 (standard deviation 0.00): protocol grounded" + (", reference-free")


def test_on_the_command_line_no_repository_is_a_question_of_usage() -> None:
    ended = papercoder("judge", "--paper", "paper.md")
    assert ended.returncode == 2
    assert "name a REPOSITORY, or give --self-test" in ended.stderr


@pytest.mark.parametrize("more", [("repository",), ("--paper", "paper.md"), ("--reference", "theirs")])
def test_the_self_test_takes_no_repository(more: tuple[str, ...]) -> None:
    ended = papercoder("judge", "--self-test", *more)
    assert ended.returncode == 2
    assert "--self-test judges repositories of its own" in ended.stderr
