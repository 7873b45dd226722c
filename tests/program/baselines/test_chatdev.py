"""ChatDev's chats: who speaks when, what each is shown, and when a chat ends."""

import re
from typing import Any

import pytest

from data.errors import RejectedAnswer
from program.baselines.chatdev import ChatDev
from signatures.chatdev import (
    AppraiseProposal,
    AskForDetails,
    DemandProduct,
    GiveDetails,
    MendCode,
    ProbeCode,
    ProposeSoftware,
    ReviewCode,
    ReviseProposal,
    WriteSoftware,
)
from signatures.sections import SHARED_CONTEXT, header
from tests.program.baselines.answers import answer, asked, bundle, shown
from tests.program.scripted import PAPER, Script, answering

CHATS = (
    DemandProduct,
    ProposeSoftware,
    AppraiseProposal,
    ReviseProposal,
    AskForDetails,
    GiveDetails,
    WriteSoftware,
    ReviewCode,
    ProbeCode,
    MendCode,
)

CODE = {"main.py": "from model import Net\n", "model.py": "class Net:\n    x = 1\n", "README.md": "# Counts\n"}

DEMAND = answer(DemandProduct, goal="Count.", features=["It counts."], acceptance=["Table 1 comes out."])
ACCEPTED = answer(AppraiseProposal, objections=[])
NO_QUESTIONS = answer(AskForDetails, questions=[])
WRITTEN = bundle(CODE)


def proposal(approach: str = "Sum them.", kind: Any = ProposeSoftware) -> str:
    return answer(kind, modality="A command line.", language="Python, numpy", approach=approach)


def found(kind: Any, *problems: str) -> str:
    return answer(kind, faults=[{"path": "model.py", "problem": p, "remedy": "Mend it."} for p in problems])


DESIGN = (DEMAND, proposal(), ACCEPTED)
NO_REVIEW, NO_REPORT = found(ReviewCode), found(ProbeCode)


def run(*answers: str, **rounds: int) -> tuple[dict[str, str], Script]:
    with answering(*answers) as script:
        return ChatDev(**rounds)(paper=PAPER).repository, script


def order(script: Script) -> list[str]:
    return asked(script, *CHATS)


def test_the_chain_is_design_coding_review_testing():
    repository, script = run(*DESIGN, NO_QUESTIONS, WRITTEN, NO_REVIEW, NO_REPORT)
    assert repository == CODE
    assert order(script) == [
        "DemandProduct",
        "ProposeSoftware",
        "AppraiseProposal",
        "AskForDetails",
        "WriteSoftware",
        "ReviewCode",
        "ProbeCode",
    ]


def test_roles_are_predictors_with_a_backbone():
    assert {name: predictor.role for name, predictor in ChatDev().named_predictors()} == {  # type: ignore[attr-defined]
        "demand": "planner",
        "propose": "planner",
        "appraise": "planner",
        "reconsider": "planner",
        "inquire": "coder",
        "explain": "planner",
        "write": "coder",
        "review": "coder",
        "probe": "coder",
        "mend": "coder",
    }


def test_every_role_reads_the_whole_paper_first():
    _, script = run(*DESIGN, NO_QUESTIONS, WRITTEN, found(ReviewCode, "Wrong."), WRITTEN, NO_REVIEW, NO_REPORT)
    head, paper, _ = script.prompts[0].partition(f"{header('paper')}\n{PAPER.markdown}")
    assert paper
    assert all(prompt.startswith(head + paper) for prompt in script.prompts)


def test_inputs_collide_with_no_shared_context_but_paper_and_code():
    shared = {name for chat in CHATS for name in chat.input_fields if name in SHARED_CONTEXT}
    assert shared == {"paper", "code"}
    assert len({next(iter(chat.output_fields)) for chat in CHATS}) == len(CHATS)


def test_the_proposal_goes_back_until_there_is_no_objection():
    objection = answer(AppraiseProposal, objections=["No seeds."])
    better = proposal("Sum them with a seed.", ReviseProposal)
    _, script = run(
        DEMAND, proposal(), objection, better, ACCEPTED, NO_QUESTIONS, WRITTEN, NO_REVIEW, NO_REPORT, design_rounds=5
    )
    assert order(script)[2:6] == ["AppraiseProposal", "ReviseProposal", "AppraiseProposal", "AskForDetails"]
    revise, appraise = script.prompts[3:5]
    assert "No seeds." in shown(revise, "objections")
    assert "Sum them." in shown(revise, "technical_proposal")
    assert "No seeds." in shown(appraise, "earlier_objections")
    assert all("with a seed" in shown(prompt, "technical_proposal") for prompt in script.prompts[4:7])


def test_the_chief_executive_gives_way_after_the_last_round():
    objection, better = answer(AppraiseProposal, objections=["No."]), proposal(kind=ReviseProposal)
    _, script = run(
        DEMAND, proposal(), *(objection, better) * 2, NO_QUESTIONS, WRITTEN, NO_REVIEW, NO_REPORT, design_rounds=2
    )
    assert order(script).count("AppraiseProposal") == order(script).count("ReviseProposal") == 2


def test_the_programmer_asks_before_writing():
    questions = answer(AskForDetails, questions=["Which seed?"])
    details = answer(GiveDetails, answers=[{"question": "Which seed?", "answer": "Seed 7, my decision."}])
    _, script = run(*DESIGN, questions, details, WRITTEN, NO_REVIEW, NO_REPORT)
    assert order(script)[3:6] == ["AskForDetails", "GiveDetails", "WriteSoftware"]
    assert "Which seed?" in shown(script.prompts[4], "questions")
    assert "Seed 7, my decision." in shown(script.prompts[5], "details")


def test_every_question_is_answered():
    questions = answer(AskForDetails, questions=["Which seed?", "Which sum?"])
    details = [{"question": "Which seed?", "answer": "7"}, {"question": "Which sum?", "answer": "The plain one."}]
    one, both = answer(GiveDetails, answers=details[:1]), answer(GiveDetails, answers=details)
    _, script = run(*DESIGN, questions, one, both, WRITTEN, NO_REVIEW, NO_REPORT)
    assert "there are 2 questions and 1 answers" in script.prompts[5]


def test_faults_of_the_review_go_back_to_the_programmer_and_the_mended_code_to_the_reviewer():
    mended = bundle({"model.py": "class Net:\n    x = 2\n"})
    repository, script = run(*DESIGN, NO_QUESTIONS, WRITTEN, found(ReviewCode, "x is 2."), mended, NO_REVIEW, NO_REPORT)
    assert order(script)[5:] == ["ReviewCode", "MendCode", "ReviewCode", "ProbeCode"]
    mend, review, probe = script.prompts[6:]
    assert "x is 2." in shown(mend, "faults")
    assert shown(mend, "found_by") == "review, round 1"
    assert "x = 2" in shown(review, "code")
    assert "x is 2." in shown(review, "earlier_faults")
    assert shown(probe, "earlier_faults") == "[]"
    assert repository == CODE | {"model.py": "class Net:\n    x = 2\n"}


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_review_and_test_end_after_their_rounds(rounds):
    reviews = [text for n in range(rounds) for text in (found(ReviewCode, f"Wrong {n}."), WRITTEN)]
    reports = [text for n in range(rounds) for text in (found(ProbeCode, f"Wrong {n}."), WRITTEN)]
    _, script = run(*DESIGN, NO_QUESTIONS, WRITTEN, *reviews, *reports, review_rounds=rounds, test_rounds=rounds)
    assert order(script)[5:] == ["ReviewCode", "MendCode"] * rounds + ["ProbeCode", "MendCode"] * rounds


def test_no_prompt_occurs_twice_even_when_nothing_gets_better():
    objection, again = answer(AppraiseProposal, objections=["No."]), proposal(kind=ReviseProposal)
    review, report = found(ReviewCode, "Wrong."), found(ProbeCode, "Wrong.")
    _, script = run(
        DEMAND,
        proposal(),
        *(objection, again) * 2,
        NO_QUESTIONS,
        WRITTEN,
        *(review, WRITTEN) * 3,
        *(report, WRITTEN) * 3,
    )
    assert len(set(script.prompts)) == len(script.prompts) == 20


def test_the_tester_sees_what_checks_found_and_has_to_report_it():
    broken, mended = CODE | {"main.py": "from model import Nett\n"}, bundle({"main.py": CODE["main.py"]})
    report = found(ProbeCode, "Nett is not there.")
    repository, script = run(*DESIGN, NO_QUESTIONS, bundle(broken), NO_REVIEW, NO_REPORT, report, mended, NO_REPORT)
    assert order(script)[5:] == ["ReviewCode", "ProbeCode", "ProbeCode", "MendCode", "ProbeCode"]
    first, again, mend, last = script.prompts[6:]
    finding = "main.py: line 1 imports Nett from model, where it is not defined"
    assert finding in shown(first, "check_findings")
    assert f"faults: there are none, but the checks found: {finding}" in again
    assert shown(mend, "found_by") == "test, round 1"
    assert shown(last, "check_findings") == "[]"
    assert repository == CODE


def test_an_answer_without_files_is_asked_for_again():
    repository, script = run(*DESIGN, NO_QUESTIONS, bundle({}), WRITTEN, NO_REVIEW, NO_REPORT)
    assert order(script)[4:6] == ["WriteSoftware", "WriteSoftware"]
    assert "files: holds no file" in script.prompts[5]
    assert repository == CODE


def test_python_that_does_not_parse_is_asked_for_again():
    _, script = run(*DESIGN, NO_QUESTIONS, bundle(CODE | {"main.py": "def (\n"}), WRITTEN, NO_REVIEW, NO_REPORT)
    assert "main.py: line 1 is not Python" in script.prompts[5]


@pytest.mark.parametrize("path", ["../main.py", "/etc/passwd", ".git/config"])
def test_an_unsafe_path_is_refused_by_name(path):
    unsafe = bundle(CODE | {path: "x = 1\n"})
    reason = rf"^coder: written_repository: 3 answers were rejected.* files: {re.escape(repr(path))}"
    with answering(*DESIGN, NO_QUESTIONS, *[unsafe] * 3), pytest.raises(RejectedAnswer, match=reason):
        ChatDev()(paper=PAPER)


def test_a_revision_that_breaks_a_file_is_refused_naming_the_round():
    broken = bundle({"main.py": "def (\n"})
    with (
        answering(*DESIGN, NO_QUESTIONS, WRITTEN, found(ReviewCode, "Wrong."), *[broken] * 3),
        pytest.raises(RejectedAnswer, match=r"^coder: mended_files of review, round 1: .* main\.py: line 1"),
    ):
        ChatDev()(paper=PAPER)
