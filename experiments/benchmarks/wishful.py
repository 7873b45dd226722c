"""A simulated model that writes better repositories when instructions ask for particular things.

Each step of the program has a wish of its own. An instruction that says `Mind the <wish>.` makes the step leave a mark
in its artifact; the code bears the marks of all that it was made from, and the judge finds what is not marked.
"""

import json
import random
import re
import threading
from collections import Counter
from typing import Any

from experiments.benchmarks.answers import section
from experiments.benchmarks.simulated import Ask, SimulatedModel, sections
from optimizers.candidate import predictors_of
from program.paper_coder import PaperCoder
from signatures.sections import COMPLETED, header

WISHES = {
    "overall_plan": "masks",
    "architecture_design": "borders",
    "logic_design": "ordering",
    "configuration": "defaults",
    "file_analysis": "shapes",
    "source_file": "rounding",
}
"""What each step has to be told to mind."""

ABSENT = ("masks", "borders")
"""What is missing altogether without it; the other wishes are faults of what is there."""

KINDS = {"ordering": "wiring", "defaults": "value", "shapes": "reading", "rounding": "code"}

_WISH = re.compile(r"Mind the (\w+)\.")
_MARK = re.compile(r"minds_(\w+)")


class WishfulModel(SimulatedModel):
    """Answers as the simulated model does, with marks; its proposals of instructions depend on a seed.

    On a paper that says `plainly` it minds everything unasked, and an example that does so it imitates. With some luck
    it minds what nobody asked for.
    """

    def __init__(self, seed: int = 0, files: int = 3, luck: float = 0.0) -> None:
        super().__init__(files, 2)
        self.seed, self.luck = seed, luck
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def _chance(self, prompt: str) -> random.Random:
        """Return what chance says to a prompt; it depends on how often it was asked, not on what came in between."""
        with self._lock:
            self._asked[prompt] += 1
            return random.Random(f"{self.seed} {self._asked[prompt]} {prompt}")

    def answer(self, ask: Ask) -> str:
        """Return the text of the answer; whoever proposes instructions is answered too."""
        if "new_instruction" in ask.prompt[-400:]:
            return sections({"new_instruction": self._reflect(ask.prompt)})
        if "proposed_instruction" in ask.prompt[-400:]:
            return sections({"proposed_instruction": self._propose(ask.prompt)})
        if "beginning with [[ ## discussion" in ask.prompt[-400:]:
            return sections({"discussion": "It was luck.", "module_advice": self._advise(ask.prompt)})
        return super().answer(ask)

    def fields(self, step: str, subject: str, prompt: str) -> dict[str, Any]:
        """Return the answer's fields, with marks or what is said of them."""
        fields = super().fields(step, subject, prompt)
        head, _, task = prompt.rpartition(header("task"))
        if step in WISHES:
            marks = self._marks(step, head, task)
            place = {"overall_plan": "strategy", "architecture_design": "approach", "logic_design": "shared_knowledge"}
            if step in place:
                fields[place[step]] += f" {' '.join(marks)}"
            elif step == "configuration":
                fields["content"] += "".join(f"\n{mark}: true  # ours: asked for" for mark in marks)
            elif step == "file_analysis":
                fields["analysis"] += f" {' '.join(marks)}"
            else:
                fields["content"] += "".join(f"\n\n{mark} = True\n" for mark in marks)
        elif step == "required_components":
            fields["components"] += [
                {"name": wish, "kind": "method", "place": "Section 2", "description": f"The {wish}.", "weight": 3}
                for wish in ABSENT
            ]
        elif step == "assessment":
            self._find(fields, prompt)
        return fields

    def _marks(self, step: str, head: str, task: str) -> list[str]:
        """Return the marks of all that a step is shown, and its own if it was asked for."""
        instruction = task.partition("Answer in exactly this form")[0]
        mark = f"minds_{WISHES[step]}"
        asked = WISHES[step] in _WISH.findall(instruction)
        imitated = any(mark in example for example in task.split(header("example"))[1:])
        lucky = self.luck > 0 and self._chance(head + task).random() < self.luck
        own = [mark] if asked or imitated or lucky or "plainly" in head else []
        shown = section(task.rpartition(header("example"))[2].partition(header(COMPLETED))[2], "file_analysis")
        shown = shown or section(task, "file_analysis")
        earlier = [f"minds_{wish}" for wish in _MARK.findall(head + shown)] if step == "source_file" else []
        return list(dict.fromkeys([*earlier, *own]))

    def _find(self, fields: dict[str, Any], prompt: str) -> None:
        shown = section(prompt, "repository")
        there = set(_MARK.findall(shown))
        if "### part_00.py" not in shown:  # somebody else's repository
            for finding in fields["findings"]:
                finding |= {"status": "missing", "evidence": [], "comparison": "It is about something else."}
            fields["critiques"] = []
            return
        for finding in fields["findings"]:
            finding |= {"status": "implemented", "comparison": "As asked."}
            if finding["component"] in ABSENT and finding["component"] not in there:
                finding |= {
                    "status": "missing",
                    "evidence": [],
                    "comparison": f"Nothing minds the {finding['component']}.",
                }
        fields["critiques"] = [
            {
                "file": "main.py",
                "function": "",
                "severity": "high",
                "text": f"It does not mind the {wish}.",
                "component": "method",
                "kind": kind,
            }
            for wish, kind in KINDS.items()
            if wish not in there
        ]

    def _reflect(self, prompt: str) -> str:
        """Add one of the things that the feedback misses, or, now and then, nothing of use."""
        current = section(prompt, "current_instruction")
        missed = [
            w for w in dict.fromkeys(re.findall(r"mind[s]? the (\w+)\.", prompt)) if f"Mind the {w}." not in current
        ]
        chance = self._chance(prompt)
        if not missed or chance.random() < 0.2:
            return f"{current}\nWork with care ({chance.randrange(1000)})."
        return f"{current}\nMind the {chance.choice(missed)}."

    def _advise(self, prompt: str) -> dict[str, str]:
        """Tell each module what made the difference, as far as it is known."""
        names = json.loads(section(prompt, "module_names"))
        steps = {f"program.{name}": step for name, step in _STEPS.items()}
        chance = self._chance(prompt)
        return {name: f"Mind the {WISHES[steps[name]]}." for name in names if chance.random() < 0.7}

    def _propose(self, prompt: str) -> str:
        """Add something without having seen any feedback: what the step needs, in one of two cases."""
        basic = section(prompt, "basic_instruction")
        chance = self._chance(prompt)
        step = next((step for step, words in _BEGIN.items() if words in basic), "source_file")
        wish = WISHES[step] if chance.random() < 0.5 else chance.choice(list(WISHES.values()))
        return f"{basic}\nMind the {wish}."


_PREDICTORS = predictors_of(PaperCoder())

_STEPS = {name: next(iter(predictor.signature.output_fields)) for name, predictor in _PREDICTORS.items()}
"""What each predictor makes."""

_BEGIN = {_STEPS[name]: each.signature.instructions.splitlines()[0] for name, each in _PREDICTORS.items()}
"""How the instruction of each step begins."""
