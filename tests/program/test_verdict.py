"""What follows from the samples of a verdict, and that it survives being written and read."""

from statistics import StatisticsError

import pytest

from program.verdict import Sample, Side, Verdict
from signatures.judging import Critique, GroundedCritique, ReferenceCritique
from tests.program.judged import components, critique, found


def verdict(*scores: float, **more: object) -> Verdict:
    fields = {"protocol": "grounded", "setting": "reference-free", "requested": 8}
    return Verdict.model_validate(fields | {"samples": [Sample(score=score) for score in scores]} | more)


def test_the_score_is_the_mean_of_the_valid_samples_alone():
    mixed = verdict(4.0, 5.0, 4.5, invalid=["cut off", "no score"])
    assert (mixed.score, mixed.valid, mixed.requested, len(mixed.invalid)) == (4.5, 3, 8, 2)


def test_the_deviation_is_that_of_a_sample():
    assert verdict(2.0, 4.0).deviation == pytest.approx(2**0.5)
    assert verdict(3.0, 3.0, 3.0).deviation == 0.0


def test_one_sample_has_no_deviation():
    assert verdict(4.0).deviation is None


def test_without_a_valid_sample_there_is_no_score():
    with pytest.raises(StatisticsError):
        _ = verdict(invalid=["cut off"]).score


def test_a_floor_is_a_one_that_covers_nothing_without_a_sample():
    floored = verdict(floor="it is empty", requested=0)
    assert (floored.score, floored.coverage, floored.deviation, floored.valid) == (1.0, 0.0, None, 0)


def test_coverage_is_the_mean_share_and_unknown_to_the_protocol_of_the_paper():
    samples = [Sample(score=5, coverage=1.0), Sample(score=3, coverage=0.5)]
    assert verdict(samples=samples).coverage == 0.75
    assert verdict(4, 5).coverage is None


@pytest.mark.parametrize(
    "written",
    [
        Critique.model_validate(critique()),
        GroundedCritique.model_validate(critique()),
        GroundedCritique.model_validate(critique(component="loss")),
        ReferenceCritique.model_validate(critique()),
        ReferenceCritique.model_validate(critique(reference_file="a.py")),
    ],
)
def test_a_verdict_is_read_as_it_was_written(written):
    sample = Sample(score=4.37, coverage=0.9, findings=tuple(found()), critiques=(written,))
    whole = verdict(
        samples=[sample],
        invalid=["cut off"],
        components=components(),
        repository=Side(shown=("a.py",), left_out={"b.bin": "binary"}),
        reference=Side(),
    )
    read = Verdict.model_validate_json(whole.model_dump_json())
    assert read == whole
    assert type(read.samples[0].critiques[0]) is type(written)
