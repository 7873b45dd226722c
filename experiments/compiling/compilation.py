"""What a compilation works with."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.compiling.books import Books
from experiments.config import Config, Role
from experiments.session import Session
from optimizers.split import Split
from optimizers.student import Student
from optimizers.study import Study


@dataclass
class Compilation:
    """What a compilation works with."""

    config: Config
    roles: Mapping[Role, str]
    split: Split
    session: Session
    study: Study
    books: Books
    student: Student
