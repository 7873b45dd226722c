"""`papercoder compile`: what it tells, where it stops, and how it goes on."""

import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data.errors import BackboneError, ConfigError, ExperimentError, FolderError, PaperCoderError, RejectedAnswer
from experiments.backbones.transcript import Transcript
from experiments.benchmarks.simulated import Ask, Reply, Server, completion, failure, serving
from experiments.benchmarks.wishful import WishfulModel
from experiments.compiling.outcome import describe
from experiments.config import load_config
from optimizers.compiled import CompiledProgram, default_candidate
from tests.experiments.runs import command, papercoder, repository, state
from tests.optimizers.compiling import compiled, configure, write_papers

RUNS = 10
SPLIT = "{train: [p0.md], dev: [p1.md], test: []}"
SMALL: dict[str, Any] = {"runs": RUNS, "compile__papers": SPLIT}
"""GEPA on two papers: some hundred calls in about a second."""


def self_test(samples: int) -> int:
    """Return the number of calls of the self-test."""
    return 1 + 2 * samples


SELF_TEST = self_test(1)


@pytest.fixture(autouse=True)
def _papers(paper: Path) -> None:
    write_papers()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(WishfulModel()) as server:
        yield server


def small(server: Server, **more: Any) -> CompiledProgram:
    return compiled(server, **SMALL | more)


def sets(**more: Any) -> dict[str, Any]:
    """Return the settings of `small` for the command line."""
    return {"compile__budget__runs": RUNS, "compile__papers": SPLIT, "judge__samples": 1} | more


def saved(out: str = "out") -> CompiledProgram:
    return CompiledProgram.load(Path(out, "program.json"))


def result(program: CompiledProgram) -> dict[str, Any]:
    """Return what came of a compilation, without what depends on when and how often it was begun."""
    content = program.model_dump()
    for name in ("made", "spent"):
        del content["provenance"][name]
    return content


def evaluated(server: Server) -> list[str]:
    """Return the prompts of evaluations that the server got: those of the program and the judge."""
    return [ask.prompt for ask in server.asks[SELF_TEST:] if "new_instruction" not in ask.prompt[-400:]]


def proposes(ask: Ask) -> bool:
    return "new_instruction" in ask.prompt[-400:]


def when(number: int, matches: Callable[[Ask], bool], then: Callable[[Ask], Reply | None]) -> Callable[[Ask], Any]:
    """Return a reply for `server.always` that does something at the n-th matching request and all later ones."""
    seen: list[int] = []

    def reply(ask: Ask) -> Reply | None:
        if matches(ask):
            seen.append(ask.number)
            if len(seen) >= number:
                return then(ask)
        return None

    return reply


# What it tells


def test_the_command_says_what_it_will_take_and_what_came_of_it(server: Server) -> None:
    done = papercoder("compile", "--out", "out", server=server, **sets())
    assert done.returncode == 0
    said = done.stderr.splitlines()
    assert re.fullmatch(
        r"at most about 10 runs of the program, [\d,]+ calls, [\d,]+ prompt tokens, [\d,]+ completion tokens, "
        "price not known",
        said[0],
    )
    assert said[1] == "warning: 'simulated' judges what it wrote itself; name another with roles.judge"
    assert "self-test: passed: none scores more than 2.0 under the protocol grounded" in said
    assert "Traceback" not in done.stderr
    assert sum(line.startswith("candidate 0 on Counting 1: 0.2") for line in said) == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("gain on dev: +0.")
    assert lines == list(describe(saved(), Path("out/program.json")))
    shown = papercoder("program", "show", "out/program.json")
    assert (shown.returncode, shown.stdout.splitlines()[: len(lines)]) == (0, lines)
    assert re.search(r"^\+Mind the \w+\.$", shown.stdout, re.MULTILINE)
    same = papercoder("program", "diff", "out/program.json", "out/program.json")
    assert same.stdout.startswith("unchanged: planner.plan, ")


def test_its_folder_has_every_candidate_and_evaluation(server: Server) -> None:
    program = small(server)
    lines = [json.loads(line) for line in Path("out/evaluations.jsonl").read_text().splitlines()]
    assert len(lines) == program.provenance.runs
    assert {line["candidate"] for line in lines} == set(range(program.provenance.candidates))
    assert all({"score", "soundness", "failure", "paper", "key"} <= line.keys() for line in lines)
    transcript = Transcript(Path("out/transcript.jsonl"))
    assert len(transcript.entries) == len(server.asks) - SELF_TEST
    assert program.provenance.spent["calls"] == len(server.asks)


def test_where_the_metric_rises_and_the_rest_falls_the_first_line_says_so(server: Server) -> None:
    program = small(server)
    gamed = program.provenance.model_copy(update={"warning": "WARNING: it was gamed"})
    assert next(describe(program.model_copy(update={"provenance": gamed}), Path("p"))) == "WARNING: it was gamed"


def test_another_judge_than_the_author_needs_no_warning(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    other = f"{{kind: api, model: openai/judge, api_base: '{server.address}'}}"
    small(server, optimizer="none", runs=4, backbones__other=other, roles__judge="other")
    assert "warning" not in capsys.readouterr().err
    assert saved().provenance.backbones["judge"] == "other (openai/judge)"


def test_calls_are_saved_where_stages_did_not_change(server: Server) -> None:
    program = small(server, compile__optimize="[coder]", runs=12)
    names = [name for name in program.predictors if not name.startswith("coder")]
    default = default_candidate()
    assert all(program.predictors[name].instructions == default.instructions[name] for name in names)
    assert program.predictors["coder.write"].instructions != default.instructions["coder.write"]
    steps = Counter(ask.step for ask in server.asks[SELF_TEST:])
    assert steps["overall_plan"] == steps["logic_design"] == steps["required_components"] == 2  # one for each paper
    assert steps["file_analysis"] == 6
    assert steps["source_file"] > 12
    spent = program.provenance.spent
    saved_share = spent["replayed"] / (spent["replayed"] + spent["calls"])  # type: ignore[operator]
    assert saved_share > 0.6


def test_no_prompt_of_an_evaluation_is_asked_twice(server: Server) -> None:
    small(server)
    assert max(Counter(evaluated(server)).values()) == 1


def test_samples_of_the_judge_are_equal_prompts_and_asked_as_often_as_that(server: Server) -> None:
    small(server, judge__samples=3)
    judged = Counter(ask.prompt for ask in server.asks[self_test(3) :] if ask.step == "assessment")
    assert set(judged.values()) == {3}


# Caps


@pytest.mark.parametrize("calls", [30, 60])
def test_no_call_is_made_beyond_the_cap_and_the_best_so_far_is_kept(server: Server, calls: int) -> None:
    program = small(server, compile__budget__calls=calls)
    assert calls - 3 <= (program.provenance.spent["calls"] or 0) <= len(server.asks) <= calls
    assert program.provenance.stopped == f"the budget of {calls} calls is spent"
    assert saved() == program
    server.asks.clear()
    assert result(small(server, compile__budget__calls=calls)) == result(program)
    assert server.asks == []


def test_a_cap_on_tokens_is_passed_by_the_calls_under_way_only(server: Server) -> None:
    program = small(server, compile__budget__tokens=60_000)
    spent = program.provenance.spent
    assert program.provenance.stopped == "the budget of 60,000 tokens is spent"
    assert 60_000 <= (spent["tokens"] or 0) < 80_000


def test_a_cap_in_money_stops_it(server: Server) -> None:
    price = "{prompt: 10, cached: 10, completion: 10}"
    program = small(server, compile__budget__cost=0.5, backbones__simulated__price=price)
    assert program.provenance.stopped == "the budget of 0.5 dollars is spent"
    assert 0.5 <= (program.provenance.spent["cost"] or 0) < 0.8


@pytest.mark.parametrize("runs", [2, 3, 5, 10])
def test_runs_stay_within_their_cap(server: Server, runs: int) -> None:
    program = small(server, runs=runs)
    assert program.provenance.runs <= runs


def test_test_papers_are_run_before_and_after_within_the_cap(server: Server) -> None:
    split = "{train: [p0.md], dev: [p1.md], test: [p2.md]}"
    program = small(server, runs=12, compile__papers=split)
    assert program.provenance.runs <= 12
    scores = program.provenance.scores
    assert scores["after"]["test"]["Counting 2"] > scores["before"]["test"]["Counting 2"]  # type: ignore[operator]


def test_a_cap_below_one_evaluation_is_one_line_and_leaves_no_program(server: Server) -> None:
    with pytest.raises(ConfigError) as caught:
        small(server, compile__budget__calls=8)
    assert str(caught.value) == (
        "compile: the budget of 8 calls is spent before the uncompiled program was evaluated once; "
        "set more of compile.budget"
    )
    assert len(server.asks) <= 8
    assert not Path("out/program.json").exists()


# Bad input


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"compile__papers": "{train: [p0.md], dev: [], test: []}"}, "no papers in compile.papers.dev"),
        ({"compile__papers": "{train: [p0.md], dev: [p0.md], test: []}"}, "a paper may stand in one split only"),
        ({"compile__papers": "{train: [none.md], dev: [p0.md], test: []}"}, "none.md"),
        ({"compile__reported": "[none]"}, "there is no benchmark 'none'; the choices are "),
        ({"runs": 1}, "compile.budget.runs is 1, but one evaluation"),
        (
            {"optimizer": "gradient"},
            "unknown optimizer 'gradient'; the choices are gepa, miprov2, bootstrap, simba, none",
        ),
        ({"compile__options": "{use_merg: false}"}, "'gepa' has no option 'use_merg'; the choices are "),
        ({"compile__options": "{metric: x}"}, "'gepa' has no option 'metric'; the choices are "),
        ({"optimizer": "none", "compile__options": "{bsize: 3}"}, "'none' has no option 'bsize'; it has none at all"),
        ({"compile__budget__cost": 1}, "the price of a backbone is not known"),
        ({"compile__budget__calls": 0}, "'compile.budget.calls' is 0"),
        ({"compile__optimize": "[]"}, "'compile.optimize'"),
        ({"compile__optimise": "[coder]"}, "did you mean 'optimize'?"),
    ],
)
def test_bad_input_is_one_line_before_anything_is_asked(server: Server, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(PaperCoderError) as caught:
        small(server, **settings)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert server.asks == []
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [
        ("gepa", "{use_merge: false, reflection_minibatch_size: 1}"),
        ("miprov2", "{num_candidates: 2, num_trials: 2}"),
        ("bootstrap", "{num_candidate_programs: 2}"),
        ("simba", "{max_steps: 1}"),
    ],
)
def test_options_of_an_optimizer_are_its_own(server: Server, optimizer: str, options: str) -> None:
    program = small(server, optimizer=optimizer, compile__options=options)
    assert program.provenance.options == load_config(overrides=[f"compile.options={options}"]).compile.options


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [("gepa", "{component_selector: none}"), ("simba", "{bsize: 9}"), ("gepa", "{auto: light}")],
)
def test_an_option_with_a_value_that_cannot_be_is_one_line(server: Server, optimizer: str, options: str) -> None:
    with pytest.raises(ConfigError) as caught:
        small(server, optimizer=optimizer, compile__options=options)
    assert str(caught.value).startswith("compile: ")
    assert "\n" not in str(caught.value)


def test_a_bad_command_is_one_line_on_standard_error(server: Server) -> None:
    done = papercoder("compile", server=server, **sets(compile__optimizer="gradient"))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: compile: unknown optimizer 'gradient'")


@pytest.mark.parametrize("arguments", [("program", "show"), ("run", "paper.md", "--program")])
def test_a_program_that_is_damaged_is_one_line(arguments: tuple[str, ...]) -> None:
    Path("program.json").write_text("{")
    done = papercoder(*arguments, "program.json")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: program: program.json is damaged: ")


# Going on


def test_the_same_command_again_asks_nothing_and_says_the_same(server: Server) -> None:
    first = small(server)
    evaluations = Path("out/evaluations.jsonl").read_text().splitlines()
    server.asks.clear()
    assert result(small(server)) == result(first)
    assert server.asks == []
    assert sorted(Path("out/evaluations.jsonl").read_text().splitlines()) == sorted(evaluations)


def test_with_more_of_a_budget_it_goes_on_in_the_same_folder(server: Server) -> None:
    with serving(WishfulModel()) as undisturbed:
        expected = result(small(undisturbed, runs=8, out="undisturbed"))
    assert small(server, runs=3).provenance.stopped
    assert result(small(server, runs=8)) == expected
    assert len(server.asks) == len(undisturbed.asks)


@pytest.mark.parametrize(
    "settings",
    [
        {"compile__seed": 1},
        {"compile__optimize": "[coder]"},
        {"judge__samples": 2},
        {"compile__papers": "{train: [p0.md], dev: [p2.md], test: []}"},
        {"backbones__simulated__model": "openai/other"},
        {"backbones__simulated__temperature": 0.5},
    ],
)
def test_other_settings_in_the_same_folder_are_refused(server: Server, settings: dict[str, Any]) -> None:
    small(server, optimizer="none", runs=4)
    asked = len(server.asks)
    with pytest.raises(FolderError) as caught:
        small(server, **{"optimizer": "none", "runs": 4, **settings})
    assert str(caught.value) == "out holds a compilation with other settings; choose another --out"
    assert len(server.asks) == asked


def test_the_folder_of_a_run_is_refused(server: Server) -> None:
    papercoder("run", "paper.md", "--out", "out", server=server)
    with pytest.raises(FolderError, match="out holds something else"):
        small(server)


@pytest.mark.parametrize("samples", [1, 4])
@pytest.mark.parametrize("numbers", [(5, 20), (40, 60)])
def test_killed_twice_it_goes_on_where_it_was(server: Server, samples: int, numbers: tuple[int, int]) -> None:
    with serving(WishfulModel()) as undisturbed:
        expected = result(small(undisturbed, judge__samples=samples, out="undisturbed"))
    processes: list[subprocess.Popen[bytes]] = []

    def kill(ask: Ask) -> Reply:
        os.kill(processes[-1].pid, signal.SIGKILL)
        return Reply(None)

    for number in numbers:
        server.replies[number] = kill
        process = subprocess.Popen(
            command("compile", "--out", "out", server=server, **sets(judge__samples=samples)), stderr=subprocess.PIPE
        )
        processes.append(process)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    transcript = Transcript(Path("out/transcript.jsonl"))
    answered = Counter(transcript.prompt(number) for number in range(len(transcript.entries)))
    with serving(server.model) as fresh:
        assert result(small(fresh, judge__samples=samples)) == expected
    together = answered + Counter(ask.prompt for ask in fresh.asks)
    assert together == Counter(ask.prompt for ask in undisturbed.asks[self_test(samples) :])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_compilation_says_how_to_go_on(server: Server, name: str) -> None:
    def interrupt(ask: Ask) -> None:
        if ask.number == 30:
            process.send_signal(signal.Signals[name])
        server.stopped.wait()  # an answer that nobody waits for

    server.replies |= dict.fromkeys(range(30, 60), interrupt)
    process = subprocess.Popen(
        command("compile", "--out", "out", server=server, **sets()), stderr=subprocess.PIPE, text=True
    )
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "interrupted; what was done is in out; the same command goes on"
    assert "Traceback" not in errors


# Failures


FAILED = failure(500, "oops")


def is_of_the_program(ask: Ask) -> bool:
    return ask.step == "source_file"


def is_of_the_judge(ask: Ask) -> bool:
    return ask.step == "assessment"


@pytest.mark.parametrize(
    ("number", "matches"),
    [(20, is_of_the_program), (7, is_of_the_judge), (2, proposes)],
    ids=["run", "judge", "proposal"],
)
def test_a_provider_that_fails_stops_it_with_the_best_so_far(
    server: Server, number: int, matches: Callable[[Ask], bool]
) -> None:
    with serving(WishfulModel()) as undisturbed:
        expected = result(small(undisturbed, out="undisturbed"))
    server.always = when(number, matches, lambda ask: FAILED)
    with pytest.raises(BackboneError, match="oops"):
        small(server)
    kept = saved().provenance
    assert "oops" in (kept.stopped or "")
    assert kept.scores["after"]["dev"]["Counting 1"] is not None
    server.always = None
    assert result(small(server)) == expected
    assert saved().provenance.stopped == expected["provenance"]["stopped"]


def test_a_provider_that_fails_is_one_line_of_the_command(server: Server) -> None:
    server.always = when(2, proposes, lambda ask: FAILED)
    done = papercoder("compile", "--out", "out", server=server, **sets())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("error: backbone 'simulated'")
    assert done.stderr.splitlines()[-1].endswith("; what was done is in out; the same command goes on")
    assert "Traceback" not in done.stderr
    assert saved().provenance.stopped


def test_a_provider_that_fails_in_the_first_evaluation_is_one_line(server: Server) -> None:
    server.replies[SELF_TEST + 2] = FAILED
    with pytest.raises(BackboneError, match="oops"):
        small(server)
    assert not Path("out/program.json").exists()
    assert small(server).provenance.gain["mean"]


def test_a_judge_that_answers_nonsense_stops_it_and_is_asked_anew_when_it_goes_on(server: Server) -> None:
    with serving(WishfulModel()) as undisturbed:
        expected = result(small(undisturbed, out="undisturbed"))
    server.always = when(4, lambda ask: is_of_the_judge(ask) and not ask.again, lambda ask: completion("Nonsense."))
    server.model.answers["assessment"] = lambda ask: (
        "Nonsense." if ask.again else WishfulModel.answer(WishfulModel(), ask)
    )
    with pytest.raises(RejectedAnswer, match="none of 1 samples of the judge is valid"):
        small(server)
    assert saved().provenance.stopped
    server.always = None
    server.model.answers.clear()
    assert result(small(server)) == expected


def test_a_run_whose_answers_are_rejected_is_worth_0_and_goes_on(server: Server) -> None:
    server.model.answers["configuration"] = lambda ask: "Nonsense."
    program = small(server, optimizer="none", runs=4)
    assert program.provenance.scores["after"]["dev"] == {"Counting 1": 0.0}
    (line,) = Path("out/evaluations.jsonl").read_text().splitlines()
    assert "planner: configuration: 3 answers were rejected" in json.loads(line)["failure"]
    server.asks.clear()
    assert result(small(server, optimizer="none", runs=4)) == result(program)
    assert server.asks == []


def test_an_answer_that_was_cut_is_a_result_too(server: Server) -> None:
    server.always = when(
        1, lambda ask: ask.step == "configuration", lambda ask: completion("rate:", finish_reason="length")
    )
    program = small(server, optimizer="none", runs=4)
    assert program.provenance.scores["after"]["dev"] == {"Counting 1": 0.0}
    server.asks.clear()
    assert result(small(server, optimizer="none", runs=4)) == result(program)
    assert server.asks == []


PROPOSED = ("new_instruction", "proposed_instruction", "discussion")


@pytest.mark.parametrize("optimizer", ["gepa", "simba"])
def test_proposals_that_cannot_be_read_do_not_end_it(server: Server, optimizer: str) -> None:
    server.always = lambda ask: completion("Nonsense.") if ask.step in PROPOSED else None
    program = small(server, optimizer=optimizer)
    assert program.provenance.gain["mean"] == 0.0


def test_a_proposal_without_which_there_is_nothing_to_try_is_asked_for_anew_when_it_goes_on(server: Server) -> None:
    server.always = when(2, lambda ask: ask.step in PROPOSED, lambda ask: completion("Nonsense."))
    with pytest.raises(RejectedAnswer, match="a proposal cannot be used"):
        small(server, optimizer="miprov2")
    assert saved().provenance.gain["mean"] == 0.0
    server.always = None
    assert "proposal" not in (small(server, optimizer="miprov2").provenance.stopped or "")


def test_a_judge_that_is_taken_in_stops_it_before_the_first_candidate(server: Server) -> None:
    def praise(ask: Ask) -> str:
        fields = server.model.fields(ask.step, ask.subject, ask.prompt)
        path = re.findall(r"^### (.+\.py)$", ask.prompt, re.MULTILINE)[-1]
        for finding in fields["findings"]:
            finding |= {"status": "implemented", "evidence": [{"file": path, "first": 1, "last": 30}]}
        return (
            "\n".join(
                f"[[ ## {name} ## ]]\n{json.dumps(value)}\n" for name, value in (fields | {"critiques": []}).items()
            )
            + "\n[[ ## completed ## ]]"
        )

    server.model.answers["assessment"] = praise
    with pytest.raises(ExperimentError):
        small(server)
    assert not Path("out/compile.json").exists()
    assert not Path("out/candidates").exists()
    assert "overall_plan" not in [ask.step for ask in server.asks]
    server.model.answers.clear()


# Using it


def test_a_run_asks_with_the_compiled_program_and_so_does_its_resumption(server: Server) -> None:
    program = small(server)
    changed = [p.instructions for p in program.predictors.values() if "Mind the" in p.instructions]
    assert changed
    server.asks.clear()
    done = papercoder(
        "run", "paper.md", "--out", "run", "--program", "out/program.json", "--stop-after", "planning", server=server
    )
    assert done.returncode == 0
    Path("out/program.json").unlink()
    assert papercoder("resume", "run", server=server).returncode == 0
    assert all(any(instructions in ask.prompt for ask in server.asks) for instructions in changed)
    assert len(server.asks) == 10
    assert state("run").status == "finished"
    assert "minds_" in "".join(repository("run").values())


def test_compile_and_run_does_both(server: Server) -> None:
    done = papercoder("compile-and-run", "paper.md", "--out", "run", server=server, **sets())
    assert done.returncode == 0
    assert done.stdout.startswith("gain on dev: +0.")
    assert "finished: Learning to Count" in done.stdout
    (path,) = Path("compiled").glob("gepa-*/program.json")
    assert Path("run/program.json").read_bytes() == path.read_bytes()
    assert configure(server).compile.optimizer == "gepa"
