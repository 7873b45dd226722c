"""A predictor that checks what it is answered and asks again."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from data.errors import RejectedAnswer
from program.adapter import Rejection

Check = Callable[[dspy.Prediction], Sequence[str]]
"""Looks at a prediction and returns what is wrong with it, a line for each fault."""


@dataclass(frozen=True)
class Call:
    """What a call of the language model is for."""

    role: str = ""
    """`planner`, `analyst`, `coder`, `judge` …: the roles that a configuration gives a backbone."""
    step: str = ""
    """The predictor, e.g. `architecture_design`."""
    subject: str = ""
    """The file that the call is about, or empty."""
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.role}: {self.step}" + (f" of {self.subject}" if self.subject else "")


current_call: ContextVar[Call] = ContextVar("current_call", default=Call())
"""The call that is under way in this thread, for transcripts and progress."""


class Ask(dspy.Predict):
    """`dspy.Predict` with checks: a violated check goes back to the model with the reason, twice at most.

    The language model is that of the role, from `dspy.context(lms={role: lm})`, or else the default one.
    """

    def __init__(self, signature: type[dspy.Signature], role: str, attempts: int = 3) -> None:
        super().__init__(signature)
        self.role = role
        self.attempts = attempts

    def forward(self, check: Check | None = None, subject: str = "", **inputs: Any) -> dspy.Prediction:
        """Return the first answer without fault.

        Args:
            check: What to verify beyond the types of the signature.
            subject: What the call is about, for messages and transcripts.
            **inputs: The input fields of the signature.

        Raises:
            RejectedAnswer: The last attempt had faults too.
        """
        rejections: list[Rejection] = []
        for attempt in range(1, self.attempts + 1):
            call = Call(self.role, next(iter(self.signature.output_fields)), subject, attempt)
            token = current_call.set(call)
            try:
                outcome = self._answer(rejections, check, inputs)
            finally:
                current_call.reset(token)
            if isinstance(outcome, dspy.Prediction):
                return outcome
            rejections.append(outcome)
        reasons = "; ".join(rejections[-1].reasons.splitlines())
        raise RejectedAnswer(
            f"{call}: {self.attempts} answers were rejected, the last one because: {reasons}. "
            f"Use a stronger backbone for the role {self.role!r}, or edit the files of the stages before it and resume."
        )

    def _answer(
        self, rejections: list[Rejection], check: Check | None, inputs: dict[str, Any]
    ) -> dspy.Prediction | Rejection:
        lm = dspy.settings.get("lms", {}).get(self.role)
        extra: dict[str, Any] = {"lm": lm} if lm is not None else {}
        if rejections:
            field = dspy.InputField(desc="rejected answers")
            extra["signature"] = self.signature.append("rejections", field, type_=list[Rejection])
            extra["rejections"] = list(rejections)
        try:
            prediction = super().forward(**inputs, **extra)
        except AdapterParseError as error:
            return Rejection(answer=error.lm_response, reasons=_reasons(error))
        problems = list(check(prediction)) if check else []
        if not problems:
            return prediction
        answer = dspy.settings.adapter.format_assistant_message_content(self.signature, dict(prediction))
        return Rejection(answer=answer, reasons="\n".join(problems))
