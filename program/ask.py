"""A predictor of one artifact: it checks the answer, asks again, and keeps the artifact in the run's folder."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import dspy

from data.errors import RejectedAnswer
from program.adapter import Rejection, UnusableAnswer
from program.folder import RunFolder

Check = Callable[[Any], Sequence[str]]
"""Looks at an artifact and returns what is wrong with it, a line for each fault."""


@dataclass(frozen=True)
class Call:
    """What a call of the language model is for."""

    role: str = ""
    """`planner`, `analyst`, `coder`, `judge` …: the roles that a configuration gives a backbone."""
    step: str = ""
    """The artifact that is asked for, e.g. `architecture_design`."""
    subject: str = ""
    """The file that the call is about, or empty."""
    attempt: int = 1

    def __str__(self) -> str:
        return f"{self.role}: {self.step}" + (f" of {self.subject}" if self.subject else "")


current_call: ContextVar[Call] = ContextVar("current_call", default=Call())  # noqa: B039  (frozen)
"""The call that is under way in this thread, for transcripts and progress."""


class Ask(dspy.Predict):
    """`dspy.Predict` of one artifact; a violated check goes back to the model with the reason, twice at most.

    Two things come from `dspy.context`: `lms`, a language model for each role where the default one is not meant,
    and `folder`, the `RunFolder` in which artifacts are kept and edited ones found.
    """

    def __init__(self, signature: type[dspy.Signature], role: str, attempts: int = 3) -> None:
        super().__init__(signature)
        self.role = role
        self.attempts = attempts

    def forward(self, check: Check | None = None, subject: str = "", **inputs: Any) -> dspy.Prediction:
        """Return the first answer without fault.

        Args:
            check: What to verify beyond the types of the signature.
            subject: The file that the call is about, for folders, messages and transcripts.
            **inputs: The input fields of the signature.

        Raises:
            RejectedAnswer: The last attempt had faults too.
            FolderError: An edited artifact cannot be used.
        """
        step, field = next(iter(self.signature.output_fields.items()))
        folder: RunFolder | None = dspy.settings.get("folder")
        if folder and (edited := folder.load_edited(step, subject, field.annotation, check)):
            return dspy.Prediction(**{step: edited})
        prediction = self._ask(Call(self.role, step, subject), check, inputs)
        if folder:
            folder.keep(step, subject, prediction[step])
        return prediction

    def _ask(self, call: Call, check: Check | None, inputs: dict[str, Any]) -> dspy.Prediction:
        rejections: list[Rejection] = []
        for attempt in range(1, self.attempts + 1):
            token = current_call.set(Call(call.role, call.step, call.subject, attempt))
            try:
                return self._answer(rejections, check, inputs)
            except UnusableAnswer as error:
                rejections.append(Rejection(answer=error.lm_response, reasons="\n".join(error.problems)))
            finally:
                current_call.reset(token)
        reasons = "; ".join(rejections[-1].reasons.splitlines())
        edit = ", or edit the files of the earlier stages and resume" if dspy.settings.get("folder") else ""
        raise RejectedAnswer(
            f"{call}: {self.attempts} answers were rejected, the last one because: {reasons.rstrip('.')}. "
            f"Use another backbone for the role {self.role!r}{edit}."
        )

    def _answer(self, rejections: list[Rejection], check: Check | None, inputs: dict[str, Any]) -> dspy.Prediction:
        lm = dspy.settings.get("lms", {}).get(self.role)
        extra: dict[str, Any] = {"lm": lm} if lm is not None else {}
        if rejections:
            field = dspy.InputField(desc="rejected answers")
            extra["signature"] = self.signature.append("rejections", field, type_=list[Rejection])
            extra["rejections"] = list(rejections)
        prediction = super().forward(**inputs, **extra)
        step = next(iter(self.signature.output_fields))
        if check and (problems := list(check(prediction[step]))):
            answer = dspy.settings.adapter.format_assistant_message_content(self.signature, dict(prediction))
            raise UnusableAnswer(self.signature, answer, problems)
        return prediction
