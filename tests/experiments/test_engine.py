"""What is kept of each call."""

from pathlib import Path

from experiments.backbones.transcript import Entry, Transcript
from experiments.benchmarks.simulated import Server, completion
from tests.experiments.runs import resume, run


def entries() -> list[Entry]:
    return Transcript(Path("out/transcript.jsonl")).entries


def test_each_call_is_kept_with_what_it_was_for(server: Server) -> None:
    run(server)
    kept = [(entry.role, entry.step, entry.subject) for entry in entries()]
    assert kept[:4] == [
        ("planner", "overall_plan", ""),
        ("planner", "architecture_design", ""),
        ("planner", "logic_design", ""),
        ("planner", "configuration", ""),
    ]
    assert sorted(kept[4:]) == sorted(
        (role, step, subject)
        for role, step in (("analyst", "file_analysis"), ("coder", "source_file"))
        for subject in server.model.files
    )
    assert {(entry.backbone, entry.model, entry.attempt) for entry in entries()} == {("simulated", "simulated", 1)}


def test_what_the_server_was_asked_is_what_the_transcript_says(server: Server) -> None:
    run(server)
    transcript = Transcript(Path("out/transcript.jsonl"))
    assert sorted(transcript.prompt(number) for number in range(10)) == sorted(ask.prompt for ask in server.asks)


def test_the_order_of_files_in_a_prompt_is_the_same_in_every_run(server: Server) -> None:
    run(server, "one")
    run(server, "two")
    assert sorted(ask.prompt for ask in server.asks[:10]) == sorted(ask.prompt for ask in server.asks[10:])


def test_a_call_that_quotes_a_rejected_answer_is_counted_as_such(server: Server) -> None:
    server.replies |= {0: completion("No."), 1: completion("Nor that.")}
    run(server, stop_after="planning")
    assert [entry.attempt for entry in entries()] == [1, 2, 3, 1, 1, 1]
    assert entries()[2].shared_with == 1  # the quotation stands behind what both share


def test_empty_and_cut_answers_are_kept_too(server: Server) -> None:
    server.replies[0] = completion("")
    run(server, stop_after="planning")
    assert [entry.completion == "" for entry in entries()] == [True, False, False, False, False]


def test_a_session_appends_to_the_transcript_of_the_one_before(server: Server) -> None:
    run(server, stop_after="planning")
    before = Path("out/transcript.jsonl").read_bytes()
    resume(server)
    assert Path("out/transcript.jsonl").read_bytes().startswith(before)
    assert len(entries()) == 10


def test_a_rejected_answer_that_comes_from_the_transcript_is_asked_again_from_there_on(server: Server) -> None:
    server.replies[0] = completion("No.")
    run(server, stop_after="planning")
    asked = len(server.asks)
    Path("out/planning/overall_plan.yaml").unlink()
    resume(server, stop_after="planning")
    assert len(server.asks) == asked
