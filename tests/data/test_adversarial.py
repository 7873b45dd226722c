"""Repositories that a judge must not be taken in by: what can be said of them without a model."""

import pytest

from data.adversarial import NAMES, PAPER, WITHOUT_A_MODEL, adversarial_repository
from data.samples import sample_names
from program.exhibit import make_exhibit
from program.floors import floor
from program.repository import Listing, Repository


def listing(name: str) -> Listing:
    folder = adversarial_repository(name)
    return Repository(folder).read() if folder else Listing()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty", "it is empty"),
        ("readme_only", "it has no executable code, only settings or prose"),
        ("config_only", "it has no executable code, only settings or prose"),
        ("stubs", "its functions are stubs: nothing in it computes anything"),
    ],
)
def test_the_first_four_get_the_lowest_score_without_a_model(name, reason):
    assert name in WITHOUT_A_MODEL
    assert floor(make_exhibit(listing(name))) == reason


@pytest.mark.parametrize("name", ["unrelated", "claims"])
def test_the_others_compute_something_and_have_to_be_read(name):
    assert name not in WITHOUT_A_MODEL
    assert floor(make_exhibit(listing(name))) is None


def test_they_pretend_to_implement_the_paper_of_a_sample():
    assert PAPER in sample_names()


def test_every_file_of_them_is_shown():
    for name in NAMES:
        assert make_exhibit(listing(name)).left_out == {}


def test_one_of_them_asks_for_a_five_under_a_header_of_a_prompt():
    assert any(line.startswith("[[ ## task ## ]]") for line in listing("claims").files["README.md"].splitlines())
