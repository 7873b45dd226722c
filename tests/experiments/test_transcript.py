"""The transcript: on disk before use, whole after a crash, exact on replay."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.errors import FolderError
from experiments.backbones.transcript import Entry, Transcript, key_of
from experiments.benchmarks.simulated import Ask, Server
from tests.experiments.runs import run

PATH = Path("transcript.jsonl")


def record(transcript: Transcript, prompt: str, completion: str = "answer", **more: Any) -> Entry:
    fields: dict[str, Any] = {
        "role": "coder",
        "step": "source_file",
        "subject": "main.py",
        "attempt": 1,
        "backbone": "b",
        "model": "m",
        "completion": completion,
        "finish_reason": "stop",
        "prompt_tokens": 1,
        "cached_tokens": 0,
        "completion_tokens": 1,
        "estimated": False,
        "cost": 0.5,
        "seconds": 0.1,
        "started": "2026-01-01T00:00:00+00:00",
    }
    return transcript.record(prompt, **{**fields, **more})


def taken(transcript: Transcript, prompt: str) -> str | None:
    entry = transcript.take(key_of(prompt))
    return entry.completion if entry else None


def test_an_answer_is_on_disk_before_the_next_call_is_made(server: Server) -> None:
    lines: list[int] = []

    def count(ask: Ask) -> None:
        lines.append(len(Path("out/transcript.jsonl").read_bytes().splitlines()) if ask.number else 0)

    server.replies |= dict.fromkeys(range(4), count)
    run(server, stop_after="planning")
    assert lines == [0, 1, 2, 3]


def test_prompts_are_reconstructed_to_the_letter() -> None:
    shared = "# Paper\n\nπ ≈ 3.14 — “quoted” 🙂\r\n\x0b\n" * 30
    prompts = [shared + "one", shared + "two", shared, "", "other", shared + "two", shared + "one\nand more"]
    transcript = Transcript(PATH)
    for prompt in prompts:
        record(transcript, prompt)
    again = Transcript(PATH)
    assert [again.prompt(index) for index in range(len(prompts))] == prompts


def test_a_prompt_is_stored_without_the_head_that_it_shares() -> None:
    transcript = Transcript(PATH)
    record(transcript, "a" * 10_000 + "1")
    size = PATH.stat().st_size
    entry = record(transcript, "a" * 10_000 + "2")
    assert (entry.shared_with, entry.shared_chars, entry.prompt) == (0, 10_000, "2")
    assert PATH.stat().st_size - size < 1000


def test_equal_prompts_are_replayed_in_order_and_each_answer_once() -> None:
    transcript = Transcript(PATH)
    for answer in ("first", "second", "third"):
        record(transcript, "same", answer)
    again = Transcript(PATH)
    assert [taken(again, "same") for _ in range(4)] == ["first", "second", "third", None]


def test_an_answer_of_this_session_is_not_given_again() -> None:
    transcript = Transcript(PATH)
    record(transcript, "prompt")
    assert taken(transcript, "prompt") is None


@pytest.mark.parametrize("unusable", [{"finish_reason": "length"}, {"completion": ""}, {"completion": " \n\t"}])
def test_an_answer_that_was_cut_or_empty_is_kept_but_not_replayed(unusable: dict[str, str]) -> None:
    transcript = Transcript(PATH)
    record(transcript, "prompt", **unusable)
    record(transcript, "prompt", "good")
    again = Transcript(PATH)
    assert len(again.entries) == 2
    assert [taken(again, "prompt") for _ in range(2)] == ["good", None]


def test_an_answer_that_was_rejected_for_the_last_time_is_kept_but_not_replayed() -> None:
    transcript = Transcript(PATH)
    record(transcript, "prompt", "good")
    transcript.reject(record(transcript, "prompt", "bad"))
    again = Transcript(PATH)
    assert [entry.completion for entry in again.entries] == ["good", "bad"]
    assert [taken(again, "prompt") for _ in range(2)] == ["good", None]


@pytest.mark.parametrize("lost", [1, 5, 200])
def test_a_torn_last_line_is_dropped_and_the_rest_goes_on(lost: int) -> None:
    transcript = Transcript(PATH)
    for number in range(3):
        record(transcript, f"prompt {number}", f"answer {number}")
    PATH.write_bytes(PATH.read_bytes()[:-lost])
    again = Transcript(PATH)
    assert [taken(again, f"prompt {number}") for number in range(3)] == ["answer 0", "answer 1", None]
    record(again, "prompt 2", "new")
    assert [entry.completion for entry in Transcript(PATH).entries] == ["answer 0", "answer 1", "new"]


def test_reading_changes_nothing_on_disk() -> None:
    record(Transcript(PATH), "prompt")
    content = PATH.read_bytes() + b'{"torn'
    PATH.write_bytes(content)
    Transcript(PATH)
    assert PATH.read_bytes() == content


def _change(line: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(line), **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: b"nonsense\n",
        lambda line: b"\xff\xfe\n",
        lambda line: b"[]\n",
        lambda line: b"\n",
        lambda line: line[: len(line) // 2] + b"\n",
        lambda line: _change(line, prompt="another"),
        lambda line: _change(line, shared_with=99),
        lambda line: _change(line, completion=None),
        lambda line: b'{"rejected": 99}\n',
        lambda line: b'{"rejected": "x"}\n',
    ],
)
def test_a_damaged_line_is_named_with_what_to_do(damage: Callable[[bytes], bytes]) -> None:
    transcript = Transcript(PATH)
    for number in range(3):
        record(transcript, f"prompt {number}")
    lines = PATH.read_bytes().splitlines(keepends=True)
    lines[1] = damage(lines[1])
    PATH.write_bytes(b"".join(lines))
    with pytest.raises(FolderError, match=r"transcript\.jsonl, line 2 is damaged: .*remove it and all after it"):
        Transcript(PATH)
    PATH.write_bytes(lines[0])
    assert len(Transcript(PATH).entries) == 1


FULL = """
import resource, sys
from pathlib import Path
from data.errors import FolderError
from experiments.backbones.transcript import Transcript
from tests.experiments.test_transcript import record

transcript = Transcript(Path("transcript.jsonl"))
record(transcript, "one")
size = Path("transcript.jsonl").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 700, size + 700))
try:
    record(transcript, "two", "long " * 1000)
except FolderError as error:
    print(error)
record(transcript, "three", "short")
"""


def test_a_full_disk_leaves_no_half_line_behind() -> None:
    ended = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=True)
    assert ended.stdout == "cannot write transcript.jsonl: File too large; make room and resume\n"
    assert [entry.completion for entry in Transcript(PATH).entries] == ["answer", "short"]
