"""A model that answers from a script, and small artifacts for it to answer with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from data.paper import Paper
from experiments.backbones.engine import prompt_text
from program.adapter import SharedPrefixAdapter
from signatures.analysis import FileAnalysis
from signatures.coding import SourceFile
from signatures.planning import ArchitectureDesign, Configuration, LogicDesign, OverallPlan


class Script:
    """Gives the next of its answers, or raises it; when none is left, the test fails."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.prompts: list[str] = []

    def complete(self, request: Request) -> Response:
        self.prompts.append(prompt_text(request))
        assert self.answers, f"not expected to be asked: {self.prompts[-1][-200:]}"
        if isinstance(answer := self.answers.pop(0), Exception):
            raise answer
        message = Message(role="assistant", parts=(TextPart(answer),))
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=Usage())


@contextmanager
def answering(*answers: str | Exception, folder: Any = None) -> Iterator[Script]:
    """Let the default model give these answers, all of them."""
    script = Script(*answers)
    with dspy.context(lm=language_model(script), adapter=SharedPrefixAdapter(), folder=folder):
        yield script
    assert not script.answers, "not everything was asked"


def language_model(engine: Any) -> dspy.LM:
    return dspy.LM("scripted/model", engine=engine, cache=False, num_retries=0)


PAPER = Paper(title="Learning to Count", abstract="We count | we sum.", sections=(), source="count.pdf")


def assumption(name: str = "seed", **changes: str) -> dict[str, str]:
    return {"name": name, "reason": "not given", "paper": "Section 2", "choice": "0", "code": ""} | changes


def overall_plan(**changes: Any) -> OverallPlan:
    kinds = ("data processing", "method", "evaluation")
    fields: dict[str, Any] = {
        "method": "Add one.",
        "experiments": "Ten numbers.",
        "strategy": "Data first.",
        "components": [{"name": f"{k} part", "kind": k, "place": "Section 2", "description": "It."} for k in kinds],
        "results": [{"name": "Table 1", "place": "Section 3", "shows": "Errors."}],
        "assumptions": [assumption()],
    }
    return OverallPlan.model_validate(fields | changes)


def architecture(*paths: str, **changes: Any) -> ArchitectureDesign:
    fields = {
        "approach": "numpy",
        "files": [{"path": p, "purpose": f"Is {p}."} for p in paths or ("data.py", "main.py", "tests/test_data.py")],
        "entry_point": "main.py",
        "class_diagram": "classDiagram\n    class Counter",
        "sequence_diagram": "sequenceDiagram\n    main->>Counter: count()",
        "unclear": "Nothing.",
    }
    return ArchitectureDesign.model_validate(fields | changes)


def task(path: str, *depends_on: str, **changes: Any) -> dict[str, Any]:
    return {"path": path, "role": "It.", "depends_on": depends_on, "components": [], "assumptions": []} | changes


OWNER = {"components": ["data processing part", "method part", "evaluation part"], "assumptions": ["seed"]}


def logic_design(*tasks: dict[str, Any], **changes: Any) -> LogicDesign:
    planned = (task("data.py", **OWNER), task("main.py", "data.py"), task("tests/test_data.py", "data.py"))
    fields = {
        "tasks": tasks or planned,
        "commands": [{"result": "Table 1", "command": "python main.py", "output": "out.json"}],
        "quick_command": "python main.py --quick",
        "packages": ["numpy>=1.26", "pytest>=8"],
        "other_packages": [],
        "shared_knowledge": "Numbers are ints.",
        "api": "",
        "unclear": "Nothing.",
    }
    return LogicDesign.model_validate(fields | changes)


CONFIG = "seed: 0  # ours: not given\nquick:\n  seed: 1  # ours: quick mode"


def configuration(content: str = CONFIG, *assumptions: dict[str, str]) -> Configuration:
    return Configuration.model_validate({"content": content, "assumptions": assumptions})


def analysis(text: str = "It counts.", *assumptions: dict[str, str]) -> FileAnalysis:
    return FileAnalysis.model_validate({"analysis": text, "assumptions": assumptions})


def source(content: str = "x = 1\n", *assumptions: dict[str, str]) -> SourceFile:
    return SourceFile.model_validate({"content": content, "assumptions": assumptions})


def plan(**changes: Any) -> dspy.Prediction:
    parts = {"overall_plan": overall_plan(), "architecture_design": architecture(), "logic_design": logic_design()}
    return dspy.Prediction(**(parts | {"configuration": configuration()} | changes))
