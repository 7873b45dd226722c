"""Train on four fifths of a file of messages, test on the rest."""

import re
import sys
from pathlib import Path

from bayes import NaiveBayes


def read(path: Path) -> list[tuple[str, list[str]]]:
    """Read label and words of each message."""
    examples = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label, _, text = line.partition("\t")
        examples.append((label, re.findall(r"[a-z']+", text.lower())))
    return examples


def main() -> None:
    """Print the accuracy."""
    examples = read(Path(sys.argv[1]))
    cut = len(examples) * 4 // 5
    model = NaiveBayes().fit(examples[:cut])
    right = sum(model.predict(words) == label for label, words in examples[cut:])
    print(f"accuracy {right / (len(examples) - cut):.3f}")


if __name__ == "__main__":
    main()
