"""The mailbox: requests that a person can answer, answers that are taken up whole."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data.errors import BackboneError, FolderError, RejectedAnswer
from experiments.backbones.transcript import Transcript
from experiments.benchmarks.simulated import SimulatedModel, read_ask
from experiments.config import load_config
from experiments.run import resume_run, start_run
from experiments.state import RunState
from signatures.sections import COMPLETED, header
from tests.experiments.prefixes import shared_with
from tests.experiments.runs import command, repository, state

OUT = Path("out")
BOX = OUT / "mailbox"
RULE = "=================================== prompt ===================================\n"


def work(*overrides: str, stop_after: str = "coding") -> RunState:
    """Start the run, or go on with it, on the mailbox."""
    sets = ["backbone=mailbox", "tracking.enabled=false", *overrides]
    if OUT.exists():
        return resume_run(OUT, state(), load_config(overrides=sets), stop_after)  # type: ignore[arg-type]
    return start_run("paper.md", OUT, load_config(overrides=sets), stop_after)  # type: ignore[arg-type]


def fails_for_want_of_an_answer(*overrides: str) -> None:
    with pytest.raises(BackboneError, match=r"no answer to \d{4}\.request\.md within 0\.\d+ s; resume to wait on"):
        work("backbones.mailbox.timeout=0.3", *overrides)


def prompt_of(request: Path) -> str:
    return request.read_text().partition(RULE)[2]


def answer_to(request: Path) -> Path:
    return request.with_name(request.name.replace(".request.", ".answer."))


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something has come about."""
    for _ in range(3000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it has not come about")


@pytest.fixture
def model() -> SimulatedModel:
    return SimulatedModel(files=3, depth=2)


@contextmanager
def person(
    model: SimulatedModel, write: Callable[[Path, str], object] = Path.write_text, patience: int = 0
) -> Iterator[list[list[str]]]:
    """Answer what is pending, once at least `patience` requests are; collect which requests were pending together."""
    gone, seen = threading.Event(), []  # type: ignore[var-annotated]
    answered: set[str] = set()

    def answer() -> None:
        while not gone.wait(0.01):
            requests = [path for path in sorted(BOX.glob("*.request.md")) if path.name not in answered]
            if not requests or (len(requests) < patience and read_ask(prompt_of(requests[0])).step == "file_analysis"):
                continue
            seen.append([path.name[:4] for path in requests])
            for path in requests:
                answered.add(path.name)
                write(answer_to(path), model.answer(read_ask(prompt_of(path))))

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield seen
    finally:
        gone.set()
        thread.join()


def test_a_whole_run_is_answered_by_hand(model: SimulatedModel) -> None:
    with person(model, patience=3) as seen:
        ended = work()
    assert (ended.status, ended.totals.calls, ended.totals.tokens_estimated) == ("finished", 10, True)
    assert len(repository()) == 6
    assert seen[:5] == [["0001"], ["0002"], ["0003"], ["0004"], ["0005", "0006", "0007"]]  # all analyses at once
    assert sorted(path.name for path in BOX.iterdir()) == ["ENDED", "README.md", "done"]
    assert (BOX / "ENDED").read_text() == "The run has finished.\n"
    assert len(list((BOX / "done").iterdir())) == 20


def test_a_request_says_what_is_new_in_it_to_the_character_and_the_line(model: SimulatedModel) -> None:
    model.answers["configuration"] = lambda ask: good.answer(ask) if ask.again else f"No.\n{header(COMPLETED)}"
    good = SimulatedModel(3, 2)
    with person(model):
        work()
    requests = sorted((BOX / "done").glob("*.request.md"))
    prompts = {path.name[:4]: prompt_of(path) for path in requests}
    assert len(prompts) == 11
    stated = 0
    for number, path in enumerate(requests):
        text, prompt = path.read_text(), prompts[path.name[:4]]
        best = max((shared_with(prompt, prompt_of(other)) for other in requests[:number]), default=0)
        found = re.search(
            r"first ([\d,]+) of the ([\d,]+) characters of the prompt are those of request (\d{4}): "
            r"what is new begins in line (\d+) of this file\.\n",
            text,
        )
        if found is None:
            assert f"has {len(prompt):,} characters; no earlier request begins like it." in text
            assert best == 0
            continue
        stated += 1
        shared, length, line = (int(found[group].replace(",", "")) for group in (1, 2, 4))
        assert (shared, length) == (best, len(prompt))
        assert shared_with(prompt, prompts[found[3]]) == shared
        start = len(text) - len(prompt) + shared
        assert text.count("\n", 0, start) + 1 == line
    assert stated == 10


def test_a_request_names_stage_and_file_and_where_the_answer_goes(model: SimulatedModel) -> None:
    with person(model):
        work()
    heads = [path.read_text().splitlines()[0] for path in sorted((BOX / "done").glob("*.request.md"))]
    assert heads[0] == "# Request 0001: planner overall_plan"
    assert heads[7] == "# Request 0008: coder source_file part_00.py"
    assert "Write the answer to `0001.answer.md`" in (BOX / "done/0001.request.md").read_text()
    assert header(COMPLETED) in (BOX / "README.md").read_text()


def test_a_violating_answer_comes_back_as_a_new_request_that_quotes_the_reason(model: SimulatedModel) -> None:
    model.answers["overall_plan"] = lambda ask: good.answer(ask) if ask.again else f"No.\n{header(COMPLETED)}"
    good = SimulatedModel(3, 2)
    with person(model):
        work(stop_after="planning")
    again = (BOX / "done/0002.request.md").read_text()
    assert again.startswith("# Request 0002: planner overall_plan (again)\n")
    assert "the section [[ ## method ## ]] is missing" in again
    assert "No." in again


@pytest.mark.parametrize("length", [1, 500, -len(header(COMPLETED)), -1])
def test_a_half_written_answer_is_not_taken_up(model: SimulatedModel, length: int) -> None:
    fails_for_want_of_an_answer()
    request = BOX / "0001.request.md"
    whole = model.answer(read_ask(prompt_of(request))).encode()
    answer_to(request).write_bytes(whole[:length])
    fails_for_want_of_an_answer()
    assert answer_to(request).exists()
    answer_to(request).write_bytes(whole)
    with pytest.raises(BackboneError, match=r"no answer to 0002\.request\.md"):
        work("backbones.mailbox.timeout=0.3")


def test_an_answer_that_breaks_off_within_a_letter_is_not_taken_up() -> None:
    fails_for_want_of_an_answer()
    (BOX / "0001.answer.md").write_bytes("[[ ## method ## ]]\nπ".encode()[:-1])
    fails_for_want_of_an_answer()


def test_an_answer_without_its_last_line_is_taken_up_when_nobody_writes_any_more() -> None:
    fails_for_want_of_an_answer()
    answer = BOX / "0001.answer.md"
    answer.write_text("[[ ## method ## ]]\nForgot the end.")
    os.utime(answer, (0, 0))
    with pytest.raises(BackboneError, match=r"no answer to 0002\.request\.md"):
        work("backbones.mailbox.timeout=0.3")
    assert "the last line [[ ## completed ## ]] is missing" in (BOX / "0002.request.md").read_text()


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(model: SimulatedModel) -> None:
    with person(model, lambda path, text: path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))):
        assert work().totals.asked_again == 0
    assert not any("\r" in text for text in repository().values())


def test_an_answer_that_is_not_utf_8_is_named_and_can_be_mended(model: SimulatedModel) -> None:
    fails_for_want_of_an_answer()
    answer = BOX / "0001.answer.md"
    answer.write_bytes("[[ ## method ## ]]\nÜber\n".encode("latin-1") + header(COMPLETED).encode())
    with pytest.raises(BackboneError, match=r"0001\.answer\.md is not UTF-8 text; remove it, resume and answer again"):
        work()
    assert (BOX / "ENDED").read_text() == "The run has failed.\n"
    answer.unlink()
    with person(model):
        assert work().status == "finished"
    assert len(list((BOX / "done").glob("*.request.md"))) == 10


def test_pending_requests_of_a_failed_run_are_found_again(model: SimulatedModel) -> None:
    fails_for_want_of_an_answer()
    assert (BOX / "ENDED").exists()
    before = (BOX / "0001.request.md").read_text()
    ended_while_waiting = []

    def write(path: Path, text: str) -> None:
        ended_while_waiting.append((BOX / "ENDED").exists())
        path.write_text(text)

    with person(model, write):
        assert work().status == "finished"
    assert not any(ended_while_waiting[1:])  # the first request was there before the run went on
    assert (BOX / "done/0001.request.md").read_text() == before
    assert len(list((BOX / "done").glob("*.request.md"))) == 10


def test_pending_requests_of_a_killed_run_are_found_again(model: SimulatedModel) -> None:
    model.answers["file_analysis"] = lambda ask: "half"  # never complete: all three stay pending
    arguments = ["run", "paper.md", "--out", "out", "--backbone", "mailbox", "--set", "tracking.enabled=false"]
    process = subprocess.Popen(command(*arguments), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    with person(model):
        wait_for(lambda: len(list(BOX.glob("*.answer.md"))) == 3 and len(list(BOX.glob("*.request.md"))) == 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for path in BOX.glob("*.answer.md"):
        path.unlink()
    before = {path.name: path.read_text() for path in BOX.glob("*.request.md")}
    assert sorted(before) == ["0005.request.md", "0006.request.md", "0007.request.md"]
    del model.answers["file_analysis"]
    with person(model):
        assert work().status == "finished"
    assert {name: (BOX / "done" / name).read_text() for name in before} == before
    assert len(list((BOX / "done").glob("*.request.md"))) == 10


def test_an_answer_leaves_the_box_only_when_it_stands_in_the_transcript(model: SimulatedModel) -> None:
    fails_for_want_of_an_answer()
    request = BOX / "0001.request.md"
    answer_to(request).write_text(model.answer(read_ask(prompt_of(request))))
    (OUT / "transcript.jsonl").mkdir()  # nothing can be written there
    with pytest.raises(FolderError, match=r"cannot write out/transcript\.jsonl"):
        work()
    assert answer_to(request).exists()
    (OUT / "transcript.jsonl").rmdir()
    with person(model):
        assert work().status == "finished"
    assert [entry.step for entry in Transcript(OUT / "transcript.jsonl").entries][:2] == [
        "overall_plan",
        "architecture_design",
    ]
    assert len(list((BOX / "done").glob("*.request.md"))) == 10


def test_a_failed_run_says_that_it_has_ended(model: SimulatedModel) -> None:
    model.answers["overall_plan"] = lambda ask: f"No.\n{header(COMPLETED)}"
    with person(model), pytest.raises(RejectedAnswer):
        work()
    assert (BOX / "ENDED").read_text() == "The run has failed.\n"


def test_a_request_never_takes_the_number_of_another(model: SimulatedModel) -> None:
    with person(model):
        work(stop_after="planning")
    for kind in ("request", "answer"):
        (BOX / f"done/0002.{kind}.md").unlink()
    with person(model):
        work()
    assert {path.name[:4] for path in (BOX / "done").glob("*.request.md")} == {
        f"{number:04d}" for number in (1, *range(3, 11))
    }


def test_an_answer_that_was_there_before_its_request_is_not_taken_for_one() -> None:
    elsewhere = Path("box")
    elsewhere.mkdir()
    (elsewhere / "0001.answer.md").write_text(f"{header('method')}\nof another run\n{header(COMPLETED)}")
    with pytest.raises(BackboneError, match="no answer to 0001"):
        start_run(
            "paper.md",
            Path("other"),
            load_config(
                overrides=[
                    "backbone=mailbox",
                    "tracking.enabled=false",
                    "backbones.mailbox.timeout=0.3",
                    f"backbones.mailbox.folder={elsewhere}",
                ]
            ),
            "planning",
        )
    assert (elsewhere / "0001.unasked.md").exists()


def test_two_mailbox_backbones_in_one_folder_share_their_numbers(model: SimulatedModel) -> None:
    with person(model):
        ended = work("backbones.other.kind=mailbox", "roles.coder=other")
    assert ended.status == "finished"
    assert len(list((BOX / "done").glob("*.request.md"))) == 10


def test_a_mailbox_can_lie_elsewhere(model: SimulatedModel) -> None:
    with pytest.raises(BackboneError):
        work("backbones.mailbox.folder=elsewhere", "backbones.mailbox.timeout=0.01")
    assert Path("elsewhere/0001.request.md").is_file()
    assert not BOX.exists()


def test_a_mailbox_that_cannot_be_written_is_named() -> None:
    Path("elsewhere").write_text("a file")
    with pytest.raises(FolderError, match="elsewhere"):
        work("backbones.mailbox.folder=elsewhere")
    assert state().status == "failed"
