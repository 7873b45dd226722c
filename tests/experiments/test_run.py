"""One run: its folder, its figures, papers that are too long."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from data.errors import FolderError, PaperError
from data.read import read_paper
from experiments.benchmarks.simulated import Ask, Reply, Server, SimulatedModel, completion, failure, serving
from experiments.config import load_config
from experiments.fit import fit
from experiments.run import start_run
from experiments.state import RunState
from tests.experiments.runs import configure, repository, run, state

LONG = (
    "# Learning to Count\n\n## Abstract\n\nWe count.\n\n## 1 Method\n\n"
    + "Add one to it. " * 400
    + "\n\n<!-- appendix -->\n\n## A Proofs\n\n"
    + "It is so indeed. " * 400
    + "\n"
)


def test_a_run_leaves_everything_in_its_folder(server: Server) -> None:
    ended = run(server)
    assert ended.status == "finished"
    found = {path.relative_to("out").as_posix() for path in Path("out").rglob("*") if path.is_file()}
    assert found == {
        ".lock",
        "run.json",
        "paper.md",
        "transcript.jsonl",
        "made.jsonl",
        *(f"planning/{name}.yaml" for name in ("overall_plan", "architecture_design", "logic_design", "configuration")),
        "planning/config.yaml",
        *(f"{folder}/{name}.yaml" for folder in ("analysis", "coding") for name in server.model.files),
        *(f"repository/{name}" for name in server.model.files),
        *(f"repository/{name}" for name in ("README.md", "config.yaml", "requirements.txt")),
    }
    assert "quick" in repository()["config.yaml"]
    assert repository()["requirements.txt"] == "numpy>=1.26\npytest>=8\n"


def test_run_json_is_what_the_run_returned(server: Server) -> None:
    ended = run(server)
    assert state() == ended
    assert (ended.status, ended.error, ended.stop_after) == ("finished", None, "coding")
    assert ended.totals.calls == 10
    assert ended.totals.prompt_tokens == sum(len(ask.prompt) // 4 for ask in server.asks)
    assert {name: stage.calls for name, stage in ended.stages.items()} == {"planning": 4, "analysis": 3, "coding": 3}
    assert sum(stage.prompt_tokens for stage in ended.stages.values()) == ended.totals.prompt_tokens
    assert ended.statistics is not None
    assert ended.statistics.files == 6
    assert ended.statistics.functions == 8 * 3
    assert 0 < ended.program_seconds <= ended.seconds
    assert ended.paper_hash == read_paper("paper.md").hash


def test_run_json_says_running_while_it_runs(server: Server) -> None:
    seen: list[tuple[str, str | None]] = []

    def look(ask: Ask) -> None:
        seen.append((state().status, state().error))

    server.always = look
    run(server, stop_after="planning")
    assert set(seen) == {("running", None)}


def test_prompts_share_most_of_their_characters_with_earlier_ones(server: Server) -> None:
    Path("paper.md").write_text(LONG)
    ended = run(server)
    assert ended.shared_prefix is not None
    assert ended.shared_prefix > 0.8


def test_the_default_folder_is_named_after_the_paper_and_never_used_twice(server: Server) -> None:
    config = configure(server)
    folders = [start_run("paper.md", None, config, "planning").folder for _ in range(3)]
    assert folders == ["runs/learning-to-count", "runs/learning-to-count-2", "runs/learning-to-count-3"]


@pytest.mark.parametrize("title", ["../../etc", "日本語", "A" * 300, "a/b\\c: d?"])
def test_odd_titles_make_harmless_folders(server: Server, title: str) -> None:
    Path("paper.md").write_text(f"# {title}\n\n## 1 Method\n\nAdd one.\n")
    folder = Path(start_run("paper.md", None, configure(server), "planning").folder)
    assert folder.parent == Path("runs")
    assert len(folder.name) <= 50


def test_a_folder_in_use_is_refused_and_left_alone(server: Server) -> None:
    Path("out").mkdir()
    Path("out/mine.txt").write_text("mine")
    with pytest.raises(FolderError, match="out is not empty; choose another --out"):
        run(server)
    assert [path.name for path in Path("out").iterdir()] == ["mine.txt"]
    run(server, "other", "planning")
    with pytest.raises(FolderError, match="other is not empty; `papercoder resume other` goes on"):
        run(server, "other")


def test_an_empty_folder_is_taken(server: Server) -> None:
    Path("out").mkdir()
    assert run(server, stop_after="planning").status == "stopped"


def test_a_file_in_the_way_of_the_folder_is_named(server: Server) -> None:
    with pytest.raises(FolderError, match=r"cannot use paper\.md"):
        run(server, "paper.md")
    with pytest.raises(FolderError, match=r"cannot use paper\.md/out"):
        run(server, "paper.md/out")


def test_a_link_planted_in_the_repository_is_not_followed(server: Server) -> None:
    def plant(ask: Ask) -> None:
        if ask.step == "source_file" and ask.subject == "main.py":
            Path("out/repository/main.py").symlink_to("/tmp/elsewhere.py")

    server.always = plant
    with pytest.raises(FolderError, match=r"main\.py is a link; remove it and resume"):
        run(server)
    assert state().status == "failed"


@pytest.mark.parametrize("reply", [failure(500, "oops"), completion("cut", finish_reason="length")])
def test_a_failure_among_parallel_calls_keeps_the_answers_of_the_others(server: Server, reply: Reply) -> None:
    server.replies[4] = reply  # one of three analyses
    with pytest.raises(Exception, match="simulated"):
        run(server)
    assert state().status == "failed"
    assert len(list(Path("out/analysis").rglob("*.yaml"))) == 2
    assert state().stages["analysis"].calls >= 2
    assert not Path("out/repository/main.py").exists()


def test_as_many_calls_are_under_way_at_once_as_configured() -> None:
    together = threading.Barrier(3, timeout=20)
    at_once: list[int] = []

    def meet(ask: Ask) -> None:
        if 4 <= ask.number < 4 + 6:  # two rounds of three analyses
            together.wait()
        at_once.append(len(server.open))

    with serving(SimulatedModel(files=8, depth=2)) as server:
        server.always = meet
        run(server, concurrency=3)
    assert max(at_once) == 3


def settings(context: int, **more: Any) -> list[str]:
    values = {"backbone": "vllm", "backbones.vllm.context_tokens": context, "backbones.vllm.max_tokens": "null", **more}
    return [f"{key}={value}" for key, value in values.items()]


def fitted(context: int, **more: Any) -> tuple[str, list[str]]:
    config = load_config(overrides=settings(context, **more))
    paper, notices = fit(read_paper("paper.md"), config, ["vllm"])
    return paper.markdown, notices


def test_a_paper_that_fits_is_left_as_it_is() -> None:
    Path("paper.md").write_text(LONG)
    text, notices = fitted(len(LONG) // 4 * 10 // 7 + 10)
    assert "It is so indeed." in text
    assert notices == []


def test_a_paper_longer_than_the_context_loses_its_appendices_with_a_notice() -> None:
    Path("paper.md").write_text(LONG)
    whole = len(read_paper("paper.md").markdown) // 4
    text, notices = fitted(3000)
    assert "It is so indeed." not in text
    assert "Add one to it." in text
    assert notices == [
        f"the paper has about {whole:,} tokens and backbone 'vllm' has room for 2,100: "
        f"its appendices were dropped, {len(text) // 4:,} remain"
    ]


def test_a_paper_that_is_too_long_even_then_is_an_error_with_the_numbers() -> None:
    Path("paper.md").write_text(LONG)
    paper = read_paper("paper.md")
    with pytest.raises(PaperError) as caught:
        fitted(2000)
    message = str(caught.value)
    for number in (len(paper.markdown) // 4, len(paper.without_appendices().markdown) // 4, 1400, 2000):
        assert f"{number:,}" in message
    assert "use a backbone with a longer context" in message
    assert "\n" not in message


def test_the_room_for_the_answer_is_not_given_to_the_paper() -> None:
    Path("paper.md").write_text(LONG)
    assert fitted(6000)[1] == []
    assert len(fitted(6000, **{"backbones.vllm.max_tokens": 2000})[1]) == 1


def test_a_shortened_paper_is_what_the_run_works_on_and_the_notice_stays(server: Server) -> None:
    Path("paper.md").write_text(LONG)
    ended = run(server, stop_after="planning", backbones__simulated__context_tokens=3000)
    assert "appendices were dropped" in ended.notices[0]
    assert "It is so indeed." not in Path("out/paper.md").read_text()
    assert not any("It is so indeed." in ask.prompt for ask in server.asks)
    assert state().notices == ended.notices


def test_a_paper_that_is_too_long_leaves_no_folder(server: Server) -> None:
    Path("paper.md").write_text(LONG)
    with pytest.raises(PaperError, match="backbone 'simulated' has room for"):
        run(server, backbones__simulated__context_tokens=500)
    assert not Path("out").exists()


def test_the_state_of_a_run_survives_saving_and_loading(server: Server) -> None:
    ended = run(server, stop_after="planning")
    assert RunState.model_validate(json.loads(ended.model_dump_json())) == ended
