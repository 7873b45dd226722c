from pathlib import Path

import pytest

from data.faulty import RECORDING, Faulty, faulty_repositories


@pytest.mark.parametrize("faulty", faulty_repositories(), ids=lambda faulty: faulty.name)
def test_each_repository_differs_from_its_sample_in_one_fault(faulty: Faulty, tmp_path: Path):
    faulty.write(tmp_path / "repository")
    text = (tmp_path / "repository" / faulty.file).read_text()
    assert faulty.search not in text
    assert faulty.replace in text


def test_a_fault_that_does_not_fit_its_sample_is_an_error(tmp_path: Path):
    first = faulty_repositories()[0]
    other = Faulty(first.name, first.sample, first.file, "no such line\n", "")
    with pytest.raises(ValueError, match="does not fit"):
        other.write(tmp_path / "repository")


def test_no_place_of_the_machine_it_was_made_on_is_in_the_recording():
    text = RECORDING.read_text()
    assert not any(place in text for place in ("/root/", "/home/", "site-packages"))
