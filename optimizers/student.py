"""The program as DSPy's optimizers see it, and the metric."""

from typing import Any

import dspy

from data.paper import Paper
from optimizers.evaluation import Evaluation, feedback
from optimizers.study import Study
from program.paper_coder import PaperCoder


class Student(dspy.Module):
    """The program with its evaluation: the study comes from `dspy.context(study=...)`."""

    def __init__(self, program: PaperCoder) -> None:
        super().__init__()
        self.program = program

    def forward(self, paper: Paper) -> dspy.Prediction:
        """Run the program and have its repository judged.

        Returns:
            What the program returned, and its `evaluation`.
        """
        study: Study = dspy.settings.study
        return study.evaluate(self.program, paper, self._rollout())

    def _rollout(self) -> int:
        """Return which of several runs this is; optimizers that want several give predictors models of their own."""
        models = [predictor.lm for predictor in self.predictors() if predictor.lm is not None]
        return int(models[0].kwargs.get("rollout_id") or 0) if models else 0


def metric(
    example: dspy.Example,
    prediction: dspy.Prediction | None,
    trace: Any = None,
    pred_name: str | None = None,
    pred_trace: Any = None,
) -> float | dspy.Prediction:
    """Return the score of an evaluation, 0 to 1; for a predictor, with feedback in words.

    Args:
        example: Has the `paper`.
        prediction: What `Student` returned.
        trace: Not needed: the evaluation knows all.
        pred_name: The predictor that feedback is for, as DSPy names it; None if only the score is asked for.
        pred_trace: Not needed.
    """
    if prediction is None:
        return 0.0
    evaluation: Evaluation = prediction.evaluation
    if pred_name is None:
        return evaluation.score
    return dspy.Prediction(score=evaluation.score, feedback=feedback(evaluation, pred_name.removeprefix("program.")))


def explained_metric(example: dspy.Example, prediction: dspy.Prediction | None) -> dspy.Prediction:
    """Return the score of an evaluation, 0 to 1, with all that was found in words, for optimizers that read it.

    Args:
        example: Has the `paper`.
        prediction: What `Student` returned.
    """
    if prediction is None:
        return dspy.Prediction(score=0.0, feedback="The run did not come to an end.")
    return dspy.Prediction(score=prediction.evaluation.score, feedback=feedback(prediction.evaluation))
