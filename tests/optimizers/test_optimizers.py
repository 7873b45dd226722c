"""Each optimizer finds what there is to find with the wishful model, on papers that it has not seen."""

from statistics import fmean

import pytest

from experiments.benchmarks.simulated import serving
from experiments.benchmarks.wishful import WishfulModel
from optimizers.compiled import CompiledProgram
from tests.optimizers.compiling import compiled, write_papers

UNCOMPILED, BEST = 0.265, 1.0
"""What the wishful model's repositories score with the default instructions, and with all wishes minded."""


def mean(program: CompiledProgram, when: str, split: str) -> float:
    scores = program.provenance.scores[when][split].values()
    return fmean(score for score in scores if score is not None)


def found(program: CompiledProgram) -> float:
    """Return the share found, on test papers, of the gain that is there to find."""
    return (mean(program, "after", "test") - mean(program, "before", "test")) / (BEST - UNCOMPILED)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("optimizer", ["gepa", "miprov2"])
def test_gepa_and_miprov2_find_four_fifths_of_the_gain(optimizer: str, seed: int) -> None:
    write_papers()
    with serving(WishfulModel(seed)) as server:
        program = compiled(server, optimizer=optimizer, compile__seed=seed)
    assert mean(program, "before", "test") == pytest.approx(UNCOMPILED)
    assert found(program) >= 0.8
    assert program.provenance.runs <= 100
    assert program.provenance.spent["calls"] == len(server.asks)


def test_bootstrapping_learns_from_a_paper_on_which_all_goes_well() -> None:
    write_papers(plainly="p0.md")
    with serving(WishfulModel()) as server:
        program = compiled(server, optimizer="bootstrap", runs=30)
    assert found(program) >= 0.8
    assert program.provenance.runs <= 30
    assert all(predictor.demos for predictor in program.predictors.values())


def test_simba_learns_from_what_went_well_by_luck() -> None:
    write_papers()
    with serving(WishfulModel(luck=0.3)) as server:
        program = compiled(server, optimizer="simba", runs=80)
    assert mean(program, "after", "test") == pytest.approx(BEST)
    assert mean(program, "before", "test") < 0.9
    assert program.provenance.runs <= 80


def test_none_leaves_the_program_as_it_is() -> None:
    write_papers()
    with serving(WishfulModel()) as server:
        program = compiled(server, optimizer="none", runs=8)
    assert program.provenance.gain == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert program.provenance.runs == 4
    assert mean(program, "after", "test") == mean(program, "before", "test") == pytest.approx(UNCOMPILED)
