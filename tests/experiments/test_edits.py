"""What a person changes in a finished run: nothing is kept or dropped without a word."""

from pathlib import Path

from experiments.benchmarks.simulated import SimulatedModel, serving
from tests.experiments.runs import resume, run

REPOSITORY = Path("out/repository")


def test_a_file_that_fell_out_of_the_plan_leaves_the_repository() -> None:
    with serving(SimulatedModel(files=4, depth=2)) as server:
        run(server)
        for name in ("architecture_design", "logic_design"):
            path = Path(f"out/planning/{name}.yaml")
            path.write_text(path.read_text().replace("part_01.py", "core.py"))
        state = resume(server)
    assert (REPOSITORY / "core.py").exists()
    assert not (REPOSITORY / "part_01.py").exists()
    assert not Path("out/analysis/part_01.py.yaml").exists()
    assert state.notices == []


def test_an_edited_file_of_the_repository_that_contradicts_the_plan_is_named() -> None:
    with serving(SimulatedModel(files=3, depth=2)) as server:
        run(server)
        config = REPOSITORY / "config.yaml"
        config.write_text(config.read_text().replace("0.1", "0.5"))
        state = resume(server)
    assert "0.5" in config.read_text()
    assert state.notices == [f"{config} was edited and stays; it is not as the plan would have it now"]


def test_a_resumed_run_whose_paper_has_grown_too_long_is_told_the_numbers() -> None:
    with serving(SimulatedModel(files=3, depth=2)) as server:
        run(server, stop_after="planning")
        appendix = "\n<!-- appendix -->\n\n## A Proofs\n\n" + "It follows. " * 4000
        with Path("out/paper.md").open("a") as paper:
            paper.write(appendix)
        state = resume(server, backbones__simulated__context_tokens=10000)
    assert any("its appendices were dropped" in notice for notice in state.notices)


def test_the_title_of_an_edited_paper_is_the_title_of_the_run() -> None:
    with serving(SimulatedModel(files=3, depth=2)) as server:
        run(server, stop_after="planning")
        paper = Path("out/paper.md")
        paper.write_text(paper.read_text().replace("# Learning to Count", "# Counting Again"))
        assert resume(server).title == "Counting Again"
