"""Going on with a run: edited artifacts win, what depends on them is made again, the rest is replayed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.errors import BackboneError, FolderError
from experiments.benchmarks.simulated import Reply, Server
from tests.experiments.runs import papercoder, repository, resume, run, state

OUT = Path("out")


@contextmanager
def calls(server: Server) -> Iterator[list[tuple[str, str]]]:
    """Collect step and subject of every call in the block, in order."""
    before, made = len(server.asks), []  # type: ignore[var-annotated]
    yield made
    made += sorted((ask.step, ask.subject) for ask in server.asks[before:])


def edit(path: str, old: str, new: str) -> None:
    text = (OUT / path).read_text()
    assert old in text
    (OUT / path).write_text(text.replace(old, new))


def steps(step: str, *subjects: str) -> list[tuple[str, str]]:
    return [(step, subject) for subject in subjects]


FILES = ("main.py", "part_00.py", "tests/test_parts.py")


def test_a_finished_run_is_replayed_without_a_call(server: Server) -> None:
    first = run(server)
    before = repository()
    with calls(server) as made:
        second = resume(server)
    assert made == []
    assert second.status == "finished"
    assert second.totals == first.totals
    assert repository() == before


def test_a_run_that_stopped_goes_on_with_the_stages_that_are_missing(server: Server) -> None:
    with calls(server) as planning:
        assert run(server, stop_after="planning").status == "stopped"
    assert len(planning) == 4
    assert not (OUT / "repository").exists()
    with calls(server) as analysis:
        assert resume(server, stop_after="analysis").status == "stopped"
    assert analysis == steps("file_analysis", *FILES)
    assert not (OUT / "repository").exists()
    with calls(server) as coding:
        assert resume(server).status == "finished"
    assert coding == steps("source_file", *FILES)
    assert sorted(repository()) == ["README.md", "config.yaml", *FILES[:2], "requirements.txt", FILES[2]]


def test_a_failed_run_goes_on_behind_its_last_answer(server: Server) -> None:
    server.replies[3] = Reply(None)
    with pytest.raises(BackboneError):
        run(server)
    assert state().status == "failed"
    with calls(server) as made:
        ended = resume(server)
    assert (ended.status, ended.error, ended.totals.calls) == ("finished", None, 10)
    assert made[0] == ("configuration", "")
    assert len(made) == 7


def test_times_of_the_sessions_are_added(server: Server) -> None:
    first = run(server, stop_after="planning")
    second = resume(server)
    assert second.seconds > first.seconds
    assert second.program_seconds > first.program_seconds
    assert second.started == first.started


def test_an_edited_config_yaml_wins_and_nothing_before_it_is_asked_again(server: Server) -> None:
    run(server, stop_after="planning")
    edit("planning/config.yaml", "rate: 0.1", "rate: 0.25")
    with calls(server) as made:
        resume(server)
    assert made == steps("file_analysis", *FILES) + steps("source_file", *FILES)
    assert all("rate: 0.25" in ask.prompt and "rate: 0.1 " not in ask.prompt for ask in server.asks[4:])
    assert "rate: 0.25" in repository()["config.yaml"]
    assert "rate: 0.25" in (OUT / "planning/config.yaml").read_text()


@pytest.mark.parametrize(
    ("artifact", "again"),
    [
        ("overall_plan", ["architecture_design", "configuration", "logic_design"]),
        ("architecture_design", ["configuration", "logic_design"]),
        ("logic_design", ["configuration"]),
    ],
)
def test_an_edited_plan_wins_and_what_depends_on_it_is_made_again(
    server: Server, artifact: str, again: list[str]
) -> None:
    run(server, stop_after="planning")
    old, new = {
        "overall_plan": ("Data first", "Model first"),
        "architecture_design": ("Plain numpy", "Plain torch"),
        "logic_design": ("Arrays are (n, d)", "Arrays are (d, n)"),
    }[artifact]
    edit(f"planning/{artifact}.yaml", old, new)
    with calls(server) as made:
        resume(server, stop_after="planning")
    assert made == [(step, "") for step in again]
    assert all(new in ask.prompt and old not in ask.prompt for ask in server.asks[4:])
    assert new in (OUT / f"planning/{artifact}.yaml").read_text()


def test_an_edited_analysis_wins_and_only_what_it_leads_to_is_written_again(server: Server) -> None:
    run(server)
    server.model.answers["source_file", "part_00.py"] = lambda ask: (
        "[[ ## content ## ]]\nANSWER = 42\n\n[[ ## assumptions ## ]]\n[]\n\n[[ ## completed ## ]]"
    )
    edit("analysis/part_00.py.yaml", "in detail", "in another way")
    with calls(server) as made:
        resume(server)
    assert made == steps("source_file", *FILES)  # the two others read its code
    assert repository()["part_00.py"] == "ANSWER = 42\n"


def test_an_edited_analysis_before_coding_is_the_one_that_code_is_written_from(server: Server) -> None:
    run(server, stop_after="analysis")
    edit("analysis/main.py.yaml", "in detail", "in another way")
    with calls(server) as made:
        resume(server)
    assert made == steps("source_file", *FILES)
    prompts = {ask.subject: ask.prompt for ask in server.asks[7:]}
    assert "main.py does, in another way" in prompts["main.py"]
    assert "in another way" not in prompts["part_00.py"]


def test_an_edited_file_of_a_finished_run_stays_and_those_that_import_it_are_written_again(server: Server) -> None:
    run(server)
    (OUT / "repository/part_00.py").write_text("EDITED = True\n")
    with calls(server) as made:
        resume(server)
    assert made == steps("source_file", "main.py", "tests/test_parts.py")
    assert repository()["part_00.py"] == "EDITED = True\n"
    assert all("EDITED = True" in ask.prompt for ask in server.asks[10:])


def test_an_edit_that_the_plan_contradicts_is_told_once(server: Server) -> None:
    run(server)
    (OUT / "repository/README.md").write_text("Mine.\n")
    for _ in range(2):
        notices = resume(server).notices
        assert notices == ["out/repository/README.md was edited and stays; it is not as the plan would have it now"]
    assert repository()["README.md"] == "Mine.\n"


def test_files_that_are_no_longer_planned_are_removed_unless_they_were_edited(server: Server) -> None:
    run(server)
    (OUT / "repository/part_00.py").write_text("MINE = True\n")
    del server.model.files["part_00.py"]
    for depends in server.model.files.values():
        depends.clear()
    edit("planning/overall_plan.yaml", "Data first", "Model first")
    ended = resume(server)
    assert sorted(path.name for path in (OUT / "analysis").rglob("*.yaml")) == ["main.py.yaml", "test_parts.py.yaml"]
    assert repository()["part_00.py"] == "MINE = True\n"
    assert ended.notices == ["out/repository/part_00.py was edited and stays, but it is no longer planned"]


def test_an_edited_file_that_nothing_imports_costs_no_call(server: Server) -> None:
    run(server)
    (OUT / "repository/main.py").write_text("this is (not Python, but that is the editor's affair\n")
    with calls(server) as made:
        assert resume(server).status == "finished"
    assert made == []
    assert repository()["main.py"].startswith("this is (not Python")


def test_an_edited_config_yaml_of_a_finished_run_leads_to_new_analyses_and_code(server: Server) -> None:
    run(server)
    edit("planning/config.yaml", "rate: 0.1", "rate: 0.25")
    with calls(server) as made:
        ended = resume(server)
    assert made == steps("file_analysis", *FILES) + steps("source_file", *FILES)
    assert "rate: 0.25" in repository()["config.yaml"]
    assert ended.totals.calls == 16


def test_an_edit_that_is_taken_back_is_replayed(server: Server) -> None:
    run(server)
    before = repository()
    edit("planning/config.yaml", "rate: 0.1", "rate: 0.25")
    resume(server)
    edit("planning/config.yaml", "rate: 0.25", "rate: 0.1")
    with calls(server) as made:
        resume(server)
    assert made == []
    assert repository() == before


@pytest.mark.parametrize(
    "path", ["planning/config.yaml", "planning/logic_design.yaml", "analysis/main.py.yaml", "repository/part_00.py"]
)
def test_a_deleted_artifact_is_made_again_from_the_transcript(server: Server, path: str) -> None:
    run(server)
    before = (OUT / path).read_text()
    (OUT / path).unlink()
    with calls(server) as made:
        resume(server)
    assert made == []
    assert (OUT / path).read_text() == before


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("planning/config.yaml", "rate: [0.1\n", "does not parse as YAML"),
        ("planning/config.yaml", "\n", "must not be empty"),
        ("planning/overall_plan.yaml", "{", "while parsing"),
        ("planning/overall_plan.yaml", "- a list\n", ""),
        ("planning/logic_design.yaml", "tasks: []\n", "tasks"),
        ("planning/architecture_design.yaml", "", ""),
    ],
)
def test_an_edit_that_cannot_be_used_names_its_file_and_spoils_nothing(
    server: Server, path: str, text: str, reason: str
) -> None:
    run(server, stop_after="planning")
    (OUT / path).write_text(text)
    with pytest.raises(FolderError) as caught, calls(server) as made:
        resume(server)
    assert str(caught.value).startswith(f"out/{path} was edited and cannot be used: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert made == []
    assert state().status == "failed"
    assert (OUT / path).read_text() == text
    (OUT / path).unlink()
    assert resume(server, stop_after="planning").status == "stopped"
    assert len(server.asks) == 4


def test_an_edited_paper_is_another_paper(server: Server) -> None:
    first = run(server, stop_after="planning")
    edit("paper.md", "Add one", "Add two")
    with calls(server) as made:
        second = resume(server, stop_after="planning")
    assert len(made) == 4
    assert second.paper_hash != first.paper_hash


def test_the_configuration_of_the_first_session_holds_unless_another_is_named(server: Server) -> None:
    run(server, stop_after="planning", concurrency=3)
    ended = papercoder("resume", "out", "--stop-after", "analysis")
    assert ended.returncode == 0, ended.stderr
    assert state().config["concurrency"] == 3
    assert papercoder("resume", "out", "--set", "concurrency=5").returncode == 0
    assert state().config["concurrency"] == 5
    assert len(server.asks) == 10


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"status": "odd"}', b"[1"])
def test_a_folder_without_a_sound_run_json_is_refused(server: Server, content: bytes | None) -> None:
    OUT.mkdir()
    if content is not None:
        (OUT / "run.json").write_bytes(content)
    with pytest.raises(FolderError, match=r"is not the folder of a run|run\.json is damaged: ") as caught:
        resume(server)
    assert "\n" not in str(caught.value)


def test_a_lost_paper_is_named(server: Server) -> None:
    run(server, stop_after="planning")
    (OUT / "paper.md").unlink()
    with pytest.raises(Exception, match=r"no file or folder 'out/paper\.md'"):
        resume(server)


def test_a_damaged_transcript_is_named_and_the_run_goes_on_when_it_is_mended(server: Server) -> None:
    run(server, stop_after="planning")
    lines = (OUT / "transcript.jsonl").read_text().splitlines(keepends=True)
    (OUT / "transcript.jsonl").write_text("".join([*lines[:2], "damaged\n", *lines[3:]]))
    with pytest.raises(FolderError, match=r"transcript\.jsonl, line 3 is damaged"):
        resume(server)
    (OUT / "transcript.jsonl").write_text("".join(lines[:2]))
    with calls(server) as made:
        resume(server, stop_after="planning")
    assert made == [("configuration", ""), ("logic_design", "")]


def test_run_json_counts_the_calls_of_all_sessions_by_stage(server: Server) -> None:
    run(server, stop_after="planning")
    resume(server, stop_after="analysis")
    resume(server)
    saved = json.loads((OUT / "run.json").read_text())
    assert {name: stage["calls"] for name, stage in saved["stages"].items()} == {
        "planning": 4,
        "analysis": 3,
        "coding": 3,
    }
    assert saved["totals"]["calls"] == 10
