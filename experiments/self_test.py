"""`papercoder judge --self-test`: is the judge taken in by repositories that deserve nothing?"""

from collections.abc import Iterator
from pathlib import Path

from data.errors import ExperimentError
from experiments.backbones.build import Sources
from experiments.config import CONFIGS, Config
from experiments.grid.methods import ADVERSARIAL
from experiments.grid.run import explain_failures, run_experiment
from experiments.grid.spec import load_spec
from experiments.reports.cells import Cell
from program.verdict import Protocol

MOST = 2.0
"""What a repository of the suite may score at most under the protocol `grounded`."""


def run_self_test(
    config: Config,
    out: Path | None,
    sources: Sources | None = None,
    protocols: tuple[Protocol, ...] = ("grounded", "paper"),
) -> Iterator[str]:
    """Judge the adversarial repositories, and say what each scores under both protocols, line by line.

    Args:
        config: The configuration; its judge is tested.
        out: Folder of the test; the same one goes on where an earlier test stopped.
        sources: Who answers, if others ask them too.
        protocols: Those that are tried.

    Raises:
        ExperimentError: A repository scores more than `MOST` under `grounded`, or was not judged.
    """
    spec = load_spec(CONFIGS / "self-test.yaml").model_copy(update={"protocols": protocols})
    cells, _, folder = run_experiment(spec, config, out, sources)
    yield f"{'repository':14}" + "".join(f" {protocol:>9}" for protocol in protocols)
    for cell in cells:
        scores = [_score(cell, protocol) for protocol in protocols]
        shown = ["-" if score is None else f"{score:.2f}" for score in scores]
        yield f"{ADVERSARIAL[cell.method]:14}" + "".join(f" {score:>9}" for score in shown)
    yield f"{folder} has the verdicts"
    if error := explain_failures(cells, folder):
        raise error
    fooled = [ADVERSARIAL[cell.method] for cell in cells if (_score(cell, "grounded") or 0) > MOST]
    if fooled:
        raise ExperimentError(
            f"the judge is taken in by {', '.join(fooled)}: more than {MOST} under the protocol grounded; "
            "use a stronger backbone for the role judge"
        )
    yield f"passed: none scores more than {MOST} under the protocol grounded"


def _score(cell: Cell, protocol: Protocol) -> float | None:
    return next((score.mean for score in cell.scores if score.protocol == protocol), None)
