"""What ChatDev's roles say to each other."""

import pytest
from pydantic import ValidationError

from signatures.chatdev import Answers, Appraisal, Faults, ProductDemand, Questions


def faults(**changes: str) -> Faults:
    return Faults.model_validate(
        {"faults": [{"path": "./main.py", "problem": "It fails.", "remedy": "Mend."} | changes]}
    )


def test_a_fault_names_its_file():
    assert faults().faults[0].path == "main.py"


@pytest.mark.parametrize("path", ["../main.py", "", "the whole program"])
def test_a_fault_without_a_path_of_the_repository_is_refused(path):
    with pytest.raises(ValidationError, match=r"faults\.0\.path"):
        faults(path=path)


@pytest.mark.parametrize("field", ["problem", "remedy"])
def test_a_fault_says_what_to_do_about_what(field):
    with pytest.raises(ValidationError, match="must not be empty"):
        faults(**{field: " "})


def test_there_may_be_nothing_to_say():
    assert (Faults(faults=[]).faults, Questions(questions=[]).questions, Appraisal(objections=[]).objections) == (
        [],
        [],
        [],
    )


def test_a_demand_and_an_answer_say_something():
    with pytest.raises(ValidationError, match="at least 1 item"):
        ProductDemand(goal="Count.", features=[], acceptance=["It counts."])
    with pytest.raises(ValidationError, match="at least 1 item"):
        Answers(answers=[])
