"""ChatDev: a company of roles that talk in pairs, one chat after the other (Section 4.2, reference [36]).

The chats are those of its chain: design (chief executive and technology officer), coding (technology officer and
programmer, who asks before guessing), review (programmer and reviewer), testing (programmer and tester). Here the
tester runs nothing: it reads the code and what deterministic checks found in it.
"""

from collections.abc import Sequence
from typing import Any

import dspy

from data.paper import Paper
from program.ask import Ask
from program.checks import check_files
from program.findings import check_revision, find_faults
from signatures.chatdev import (
    Answers,
    AppraiseProposal,
    AskForDetails,
    DemandProduct,
    Fault,
    Faults,
    GiveDetails,
    MendCode,
    ProbeCode,
    ProposeSoftware,
    ReviewCode,
    ReviseProposal,
    WriteSoftware,
)

Code = dict[str, str]
"""The text of each file by its path."""


class ChatDev(dspy.Module):
    """Paper in, repository out, by the chat chain."""

    def __init__(self, design_rounds: int = 2, review_rounds: int = 3, test_rounds: int = 3) -> None:
        """Found the company.

        Args:
            design_rounds: How often the chief executive may send the proposal back.
            review_rounds: How often the reviewer reads the code, at most; 0 for no review.
            test_rounds: How often the tester does.
        """
        super().__init__()
        self.design_rounds, self.review_rounds, self.test_rounds = design_rounds, review_rounds, test_rounds
        self.demand = Ask(DemandProduct, role="planner")
        self.propose = Ask(ProposeSoftware, role="planner")
        self.appraise = Ask(AppraiseProposal, role="planner")
        self.reconsider = Ask(ReviseProposal, role="planner")
        self.inquire = Ask(AskForDetails, role="coder")
        self.explain = Ask(GiveDetails, role="planner")
        self.write = Ask(WriteSoftware, role="coder")
        self.review = Ask(ReviewCode, role="coder")
        self.probe = Ask(ProbeCode, role="coder")
        self.mend = Ask(MendCode, role="coder")

    def forward(self, paper: Paper) -> dspy.Prediction:
        """Turn a paper into a repository.

        Args:
            paper: The customer's task, entire.

        Returns:
            `repository`, every file's text by path.
        """
        agreed = self._design(paper.markdown)
        code = self._write(agreed)
        code = self._review(agreed, code)
        code = self._test(agreed, code)
        return dspy.Prediction(repository=code)

    def _design(self, paper: str) -> dict[str, Any]:
        """Return what all later chats know: paper, demand and the proposal that was agreed on."""
        demand = self.demand(paper=paper).product_demand
        proposal = self.propose(paper=paper, product_demand=demand).technical_proposal
        agreed = {"paper": paper, "product_demand": demand, "technical_proposal": proposal}
        earlier: list[str] = []
        for number in range(1, self.design_rounds + 1):
            subject = f"round {number}"
            objections = self.appraise(**agreed, earlier_objections=earlier, subject=subject).appraisal.objections
            if not objections:
                break
            agreed["technical_proposal"] = self.reconsider(
                **agreed, earlier_objections=earlier, objections=objections, subject=subject
            ).revised_proposal
            earlier = [*earlier, *objections]
        return agreed

    def _write(self, agreed: dict[str, Any]) -> Code:
        """Let the programmer ask, then write."""
        questions = self.inquire(**agreed).details_asked.questions
        details = []
        if questions:
            details = self.explain(
                **agreed, questions=questions, check=lambda given: check_answers(questions, given)
            ).details_given.answers
        return self.write(**agreed, details=details, check=check_files).written_repository.by_path()

    def _review(self, agreed: dict[str, Any], code: Code) -> Code:
        """Let reviewer and programmer talk until nothing is left to mend."""
        earlier: list[Fault] = []
        for number in range(1, self.review_rounds + 1):
            faults = self.review(
                **agreed, code=code, earlier_faults=earlier, subject=f"round {number}"
            ).code_review.faults
            if not faults:
                break
            code = self._mended(agreed, code, faults, f"review, round {number}")
            earlier = [*earlier, *faults]
        return code

    def _test(self, agreed: dict[str, Any], code: Code) -> Code:
        """Let tester and programmer talk until nothing is left to mend."""
        known = {name: agreed[name] for name in ("paper", "product_demand")}
        earlier: list[Fault] = []
        for number in range(1, self.test_rounds + 1):
            faults = self._tested(known, code, earlier, f"round {number}")
            if not faults:
                break
            code = self._mended(agreed, code, faults, f"test, round {number}")
            earlier = [*earlier, *faults]
        return code

    def _tested(self, known: dict[str, Any], code: Code, earlier: list[Fault], subject: str) -> list[Fault]:
        findings = find_faults(code)
        return self.probe(
            **known,
            code=code,
            check_findings=findings,
            earlier_faults=earlier,
            subject=subject,
            check=lambda report: check_report(findings, report),
        ).test_report.faults

    def _mended(self, agreed: dict[str, Any], code: Code, faults: list[Fault], found_by: str) -> Code:
        mended = self.mend(
            **agreed,
            code=code,
            found_by=found_by,
            faults=faults,
            subject=found_by,
            check=lambda files: check_revision(code, files),
        ).mended_files
        return code | mended.by_path()


def check_answers(questions: Sequence[str], given: Answers) -> list[str]:
    """Every question has an answer."""
    if len(given.answers) >= len(questions):
        return []
    return [f"answers: there are {len(questions)} questions and {len(given.answers)} answers"]


def check_report(findings: Sequence[str], report: Faults) -> list[str]:
    """A report has faults where the checks found some."""
    if report.faults:
        return []
    return [f"faults: there are none, but the checks found: {finding}" for finding in findings]
