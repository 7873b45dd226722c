"""Small papers' requirements, findings and critiques, and the answers that hold them."""

from typing import Any

from experiments.benchmarks.simulated import sections
from program.repository import Listing
from signatures.judging import Finding, GroundedCritique, RequiredComponent

WEIGHTS = {"data": 1, "loss": 3, "metric": 2}

KINDS = {"data": "data processing", "loss": "method", "metric": "evaluation"}

FILES = {
    "README.md": "# Counting\n\nAll is implemented.\n",
    "config.yaml": "# settings\nseed: 0\n",
    "main.py": "# Counts.\n\nfrom model import loss\n\nprint(loss(1))\n",
    "model.py": '"""The model."""\n\n\ndef loss(x):\n    """Equation (1)."""\n    return x * x\n',
}

REPOSITORY = Listing(files=FILES)


def component(name: str, **changes: Any) -> dict[str, Any]:
    fields = {"name": name, "kind": KINDS.get(name, "method"), "place": "Section 2", "description": f"The {name}."}
    return fields | {"weight": WEIGHTS.get(name, 1)} | changes


def components() -> list[RequiredComponent]:
    return [RequiredComponent.model_validate(component(name)) for name in WEIGHTS]


def place(file: str = "model.py", first: int = 4, last: int = 6) -> dict[str, Any]:
    return {"file": file, "first": first, "last": last}


def finding(name: str, status: str = "implemented", *evidence: dict[str, Any]) -> dict[str, Any]:
    shown = evidence or (() if status == "missing" else (place(),))
    return {"component": name, "evidence": list(shown), "status": status, "comparison": "As asked."}


def findings(**status: str) -> list[dict[str, Any]]:
    return [finding(name, status.get(name, "implemented")) for name in WEIGHTS]


def found(**status: str) -> list[Finding]:
    return [Finding.model_validate(each) for each in findings(**status)]


def critique(severity: str = "low", file: str = "model.py", **more: Any) -> dict[str, Any]:
    return {"file": file, "function": "", "severity": severity, "text": "It is wrong.", "kind": "code"} | more


def fault(component: str, severity: str = "low") -> GroundedCritique:
    return GroundedCritique.model_validate(critique(severity, component=component))


def requirements(*names: str, **changes: Any) -> str:
    return sections({"components": [component(name, **changes) for name in names or WEIGHTS]})


def assessment(*critiques: dict[str, Any], findings: list[dict[str, Any]] | None = None, **status: str) -> str:
    listed = [finding(name, status.get(name, "implemented")) for name in WEIGHTS] if findings is None else findings
    return sections({"findings": listed, "critiques": list(critiques)})


def rating(score: Any, *critiques: dict[str, Any]) -> str:
    return sections({"critiques": list(critiques), "score": score})


def selection(*files: str) -> str:
    return sections({"files": list(files)})
