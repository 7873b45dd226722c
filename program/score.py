"""From the findings of the grounded protocol to a score: pure arithmetic, no model.

With the weight w_i of each required component and the value s_i of its status (implemented 1, partial 1/2, missing 0),

    coverage = sum_i w_i s_i / sum_i w_i                        in [0, 1]
    score    = 1 + 4 * g * sum_i w_i s_i k_i / sum_i w_i        in [1, 5], rounded to two decimals

where k_i is the product of `KEPT` over the critiques of component i, and g that over the critiques that concern the
whole repository, g no less than `LEAST_KEPT`. A critique of a missing component changes nothing: its absence has been
counted already. So a fault costs as much as the component that it spoils is worth, each further one less than the
one before, and no number of faults in a component outweighs its absence.
"""

from collections.abc import Sequence
from math import prod

from signatures.judging import Finding, GroundedCritique, RequiredComponent, Severity, Status

VALUE: dict[Status, float] = {"implemented": 1.0, "partial": 0.5, "missing": 0.0}

KEPT: dict[Severity, float] = {"high": 0.5, "medium": 0.8, "low": 0.96}
"""The share of a component's value that is left after one critique of a severity."""

LEAST_KEPT = 0.5
"""The share of the whole that is left whatever is said of the repository as a whole."""

LOWEST, HIGHEST = 1.0, 5.0


def coverage(components: Sequence[RequiredComponent], findings: Sequence[Finding]) -> float:
    """Return the weighted share of the components that are implemented, in [0, 1]."""
    status = {finding.component.lower(): finding.status for finding in findings}
    got = sum(component.weight * VALUE[status[component.name.lower()]] for component in components)
    return round(got / sum(component.weight for component in components), 4)


def score(
    components: Sequence[RequiredComponent], findings: Sequence[Finding], critiques: Sequence[GroundedCritique]
) -> float:
    """Return the score, in [1, 5] with two decimals.

    Args:
        components: What the paper requires.
        findings: One for each of them, by name.
        critiques: Each names one of them, or none.
    """
    status = {finding.component.lower(): finding.status for finding in findings}

    def kept(name: str) -> float:
        return prod(KEPT[critique.severity] for critique in critiques if critique.component.lower() == name)

    names = [(component.weight, component.name.lower()) for component in components]
    got = sum(weight * VALUE[status[name]] * kept(name) for weight, name in names)
    share = max(kept(""), LEAST_KEPT) * got / sum(weight for weight, _ in names)
    return round(LOWEST + (HIGHEST - LOWEST) * share, 2)
