"""What the simulated model answers: a valid artifact for each step of the program, the baselines and the judge."""

import re
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import yaml

from signatures.bundle import join_files
from signatures.planning import is_test
from signatures.sections import header

KINDS = {"data processing": 1, "method": 3, "evaluation": 2}
"""The components of every paper, one of each kind, with their weights."""

_LINE = re.compile(r" *(?P<number>\d+)\| (?P<text>.*)")
_CODE = re.compile(r"\s*(?:(?:def|class|import|from|return) |\w+(?: =|\())")
_IN_TREE = re.compile(r"(?P<path>.+) \((?P<tokens>\d+)\)")


def plan_files(files: int, depth: int) -> dict[str, list[str]]:
    """Return files with their dependencies: `depth` layers, the entry point and a test in the last one."""
    names = [f"part_{number:02d}.py" for number in range(files - 2)]
    layers = [names[layer :: depth - 1] for layer in range(depth - 1)] if depth > 1 else [[], names]
    depends: dict[str, list[str]] = {}
    for layer, members in enumerate(layers):
        for place, name in enumerate(members):
            before = layers[layer - 1] if layer else []
            depends[name] = [before[place % len(before)]] if before else []
    last = layers[-1][:2] if depth > 1 else []
    return depends | {"main.py": last, "tests/test_parts.py": last}


def section(text: str, name: str) -> str:
    """Return what stands below the first header of this name, up to the next header; nothing if there is none."""
    behind = text.partition(f"{header(name)}\n")[2]
    return re.split(r"\n(?=\[\[ ## |Now answer, )", behind)[0].strip("\n")


def source(path: str) -> str:
    """Return a file that says by its names which one it is."""
    name = re.sub(r"\W", "_", path)
    kind = "test" if is_test(path) else "function"
    return "\n".join(f"def {kind}_{number}_{name}(x: int) -> int:\n    return x + {number}\n" for number in range(8))


def shown_files(prompt: str, side: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the files that a judge is shown with their lines, on the side `repository` or `reference`."""
    for file in re.split(r"(?m)^### ", section(prompt, side))[1:]:
        path, *lines = file.rstrip("\n").split("\n")
        yield path, [found["text"] for line in lines if (found := _LINE.fullmatch(line))]


def _program(prompt: str, side: str = "repository") -> tuple[str, int]:
    """Return a Python file with code in it, and how many lines it has; of a repository without, no file."""
    files = ((path, lines) for path, lines in shown_files(prompt, side) if path.endswith(".py"))
    return next(((path, len(lines)) for path, lines in files if any(map(_CODE.match, lines))), ("", 0))


class Answers:
    """The fields of an artifact for each step; the repositories have a given shape."""

    def __init__(self, files: int = 8, depth: int = 3) -> None:
        self.files = plan_files(files, depth)

    def fields(self, step: str, subject: str, prompt: str) -> dict[str, Any]:
        """Return the answer's fields."""
        return dict(getattr(self, f"_{step}")(subject, prompt))

    def _overall_plan(self, *_: str) -> dict[str, Any]:
        kinds = ("data processing", "method", "evaluation")
        return {
            "method": "Minimise the loss of Equation (1).",
            "experiments": "One generated data set, three seeds.",
            "strategy": "Data first, then the model.",
            "components": [
                {"name": kind, "kind": kind, "place": "Section 2", "description": f"The {kind}."} for kind in kinds
            ],
            "results": [{"name": "Table 1", "place": "Section 3", "shows": "Error of each method."}],
            "assumptions": [
                {
                    "name": "initial weights",
                    "reason": "not given",
                    "paper": "Section 2",
                    "choice": "zeros",
                    "code": "main.py",
                }
            ],
        }

    def _architecture_design(self, *_: str) -> dict[str, Any]:
        return {
            "approach": "Plain numpy.",
            "files": [{"path": path, "purpose": f"Holds {path}."} for path in self.files],
            "entry_point": "main.py",
            "class_diagram": "classDiagram\n    class Model\n    Model : +fit()",
            "sequence_diagram": "sequenceDiagram\n    Main->>Model: fit()",
            "unclear": "Nothing.",
        }

    def _logic_design(self, *_: str) -> dict[str, Any]:
        tasks = [
            {"path": path, "role": f"Defines {path}.", "depends_on": depends, "components": [], "assumptions": []}
            for path, depends in self.files.items()
        ]
        tasks[0] |= {"components": ["data processing", "method", "evaluation"], "assumptions": ["initial weights"]}
        return {
            "tasks": tasks,
            "commands": [{"result": "Table 1", "command": "python main.py", "output": "results.json"}],
            "quick_command": "python main.py --quick",
            "packages": ["numpy>=1.26", "pytest>=8"],
            "other_packages": [],
            "shared_knowledge": "Arrays are (n, d).",
            "api": "",
            "unclear": "Nothing.",
        }

    def _configuration(self, *_: str) -> dict[str, Any]:
        return {
            "content": "seeds: [0, 1, 2]  # paper: Section 3\nrate: 0.1  # ours: not given\n"
            "quick:\n  seeds: [0]  # ours: quick mode",
            "assumptions": [],
        }

    def _file_analysis(self, subject: str, _: str) -> dict[str, Any]:
        return {"analysis": f"What {subject} does, in detail.", "assumptions": []}

    def _source_file(self, subject: str, _: str) -> dict[str, Any]:
        return {"content": source(subject), "assumptions": []}

    def _source_files(self, *_: str) -> dict[str, Any]:
        return {"files": join_files({path: source(path) for path in self.files} | {"requirements.txt": "numpy\n"})}

    def _required_components(self, *_: str) -> dict[str, Any]:
        return {
            "components": [
                {"name": kind, "kind": kind, "place": "Section 2", "description": f"The {kind}.", "weight": weight}
                for kind, weight in KINDS.items()
            ]
        }

    def _assessment(self, _: str, prompt: str) -> dict[str, Any]:
        """Find the last component by half in some repositories, all else everywhere."""
        names = [each["name"] for each in yaml.safe_load(section(prompt, "required_components"))["components"]]
        path, lines = _program(prompt)
        evidence = [{"file": path, "first": 1, "last": lines}]
        findings = [
            {"component": name, "evidence": evidence, "status": "implemented", "comparison": "As asked."}
            for name in names
        ]
        if crc32(prompt.encode()) % 2:
            findings[-1] |= {"status": "partial", "comparison": "One metric is missing."}
        critique = {"file": path, "function": "", "severity": "low", "text": "The rate is another one."}
        return {"findings": findings, "critiques": [critique | {"kind": "value", "component": names[0]}]}

    def _rating(self, _: str, prompt: str) -> dict[str, Any]:
        """Give 2, 3 or 4, the same to the same repository."""
        critique = {"file": _program(prompt)[0], "function": "", "severity": "medium", "text": "A term is missing."}
        if other := _program(prompt, "reference")[0]:
            critique |= {"reference_file": other, "reference_function": ""}
        return {"critiques": [critique], "score": 2 + crc32(prompt.encode()) % 3}

    def _selection(self, _: str, prompt: str) -> dict[str, Any]:
        """Choose as many files as there is room for, from the first one on."""
        tree = [found for line in section(prompt, "tree").split("\n") if (found := _IN_TREE.fullmatch(line))]
        room = int(section(prompt, "room").split()[0].replace(",", ""))
        chosen = []
        for found in tree:
            room -= int(found["tokens"])
            if room < 0:
                break
            chosen.append(found["path"])
        return {"files": chosen}

    def _product_demand(self, *_: str) -> dict[str, Any]:
        return {"goal": "Reproduce the paper.", "features": ["The method."], "acceptance": ["Table 1 comes out."]}

    def _technical_proposal(self, *_: str) -> dict[str, Any]:
        return {"modality": "A command-line program.", "language": "Python with numpy.", "approach": "Plain loops."}

    def _appraisal(self, _: str, prompt: str) -> dict[str, Any]:
        """Object once."""
        return {"objections": ["No seeds."] if section(prompt, "earlier_objections") == "[]" else []}

    def _revised_proposal(self, *_: str) -> dict[str, Any]:
        return self._technical_proposal() | {"approach": "Plain loops over seeds."}

    def _details_asked(self, *_: str) -> dict[str, Any]:
        return {"questions": ["How many seeds?"]}

    def _details_given(self, *_: str) -> dict[str, Any]:
        return {"answers": [{"question": "How many seeds?", "answer": "Three, Section 3."}]}

    def _written_repository(self, *_: str) -> dict[str, Any]:
        return self._source_files()

    def _code_review(self, _: str, prompt: str) -> dict[str, Any]:
        """Find a fault once."""
        fault = {"path": "main.py", "problem": "No seeds.", "remedy": "Loop over them."}
        return {"faults": [fault] if section(prompt, "earlier_faults") == "[]" else []}

    def _test_report(self, *_: str) -> dict[str, Any]:
        return {"faults": []}

    def _mended_files(self, *_: str) -> dict[str, Any]:
        return {"files": join_files({"main.py": source("main.py") + "\n\nSEEDS = (0, 1, 2)\n"})}

    def _product_requirements(self, *_: str) -> dict[str, Any]:
        return {
            "product_goals": ["Reproduce the paper."],
            "user_stories": ["As a reader I want Table 1 so that I can trust it."],
            "alternatives": [],
            "analysis": "The method is what matters.",
            "requirement_pool": [{"priority": "P0", "requirement": "Minimise the loss of Equation (1)."}],
            "usage": "python main.py",
            "unclear": "Nothing.",
        }

    def _system_design(self, *_: str) -> dict[str, Any]:
        return {
            "implementation_approach": "Plain numpy.",
            "file_list": [path for path in self.files if not is_test(path)],
            "data_structures": "classDiagram\n    class Model\n    Model : +fit()",
            "call_flow": "sequenceDiagram\n    Main->>Model: fit()",
            "unclear": "Nothing.",
        }

    def _task_list(self, *_: str) -> dict[str, Any]:
        return {
            "packages": ["numpy>=1.26"],
            "tasks": [{"path": path, "work": f"Write {path}."} for path in self.files if not is_test(path)],
            "shared_knowledge": "Arrays are (n, d).",
            "unclear": "Nothing.",
        }

    def _written_file(self, subject: str, _: str) -> dict[str, Any]:
        return {"content": source(subject)}

    def _written_tests(self, *_: str) -> dict[str, Any]:
        return {"files": join_files({path: source(path) for path in self.files if is_test(path)})}

    def _repaired_files(self, *_: str) -> dict[str, Any]:
        return self._mended_files()
