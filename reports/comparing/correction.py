"""Differences that were tested, corrected for how many there are, and the section of the page that lists them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.multiplicity import holm
from core.paired import Difference
from core.uncertainty import Interval
from reports.figures import clipped
from reports.sections import Cell, Section, Table

ALPHA = 0.05
"""The chance of claiming any difference on a page where there is none."""


@dataclass(frozen=True)
class Tested:
    """One difference that was tested: ``what`` of the subjects ``one`` and ``other``, whose ``values`` were these.

    ``share``: values are proportions, and told in percent. ``more`` says that it is more in {high} than in {low}.
    ``part`` is what the tests of one kind have in common, such as "per class"; ``p_corrected`` is filled in by
    ``corrected``.
    """

    what: str
    one: str
    other: str
    values: tuple[float, float]
    difference: Difference
    share: bool = True
    more: str = ""
    part: str = ""
    p_corrected: float = 1.0

    @property
    def claimed(self) -> bool:
        """Whether the difference stands after correction."""
        return self.p_corrected < ALPHA

    def amount(self, value: float) -> str:
        """A value, or the size of a difference, as people say it."""
        return told(value, share=self.share)

    def sentence(self) -> str:
        """That it is more in the one than in the other, by how much."""
        ordered = sorted(zip(self.values, (self.one, self.other), strict=True))
        (low, lower), (high, higher) = ordered
        says = self.more or f"{self.what} is higher in {{high}} than in {{low}}"
        return f"{says.format(high=higher, low=lower)} ({self.amount(high)} against {self.amount(low)})"


def corrected(tests: Sequence[Tested]) -> list[Tested]:
    """The same tests with p-values corrected over all of them [holm1979].

    >>> from core.uncertainty import Interval
    >>> gap = Difference(Interval(0.1, 0.0, 0.2, 50), 0.03, 0.1)
    >>> tests = [Tested("accuracy", "A", "B", (0.8, 0.9), gap), Tested("on stars", "A", "B", (0.8, 0.9), gap)]
    >>> [test.p_corrected for test in corrected(tests)], tests[0].sentence()
    ([0.06, 0.06], 'accuracy is higher in B than in A (90.0 % against 80.0 %)')
    """
    found = holm([test.difference.p for test in tests])
    return [replace(test, p_corrected=p) for test, p in zip(tests, found, strict=True)]


def level_for(count: int) -> float:
    """The level at which each of so many tests is at worst held, for what they could have shown.

    >>> level_for(5)
    0.01
    """
    return ALPHA / max(1, count)


def correction_section(tests: Sequence[Tested], *, over: str) -> Section:
    """Every difference that was tested, with its p-value before and after correction; ``over``: what was redrawn."""
    count = len(tests)
    claimed = sum(test.claimed for test in tests)
    text = (
        f"{_counted(count)} tested on this page, and {_of(claimed, count)} claimed: those whose p-value, corrected for "
        f"the number of tests after Holm, is below {ALPHA:g}. If nothing differed at all, a page like this one would "
        f"claim anything in at most {100 * ALPHA:g} % of cases. P-values are two-sided and by permutation; intervals "
        f"are 95 %, over {over}, each for itself and not corrected."
    )
    return Section("What was tested", text, tables=[differences_table(tests)])


def differences_table(tests: Sequence[Tested]) -> Table:
    """One row a test, those that are claimed first; who is compared stands in the caption if it is one pair."""
    pairs = list(dict.fromkeys((test.one, test.other) for test in tests))
    header = [
        "of",
        *(["first, second"] if len(pairs) > 1 else []),
        "values",
        "difference",
        "p",
        "corrected",
        "could show",
    ]
    ordered = sorted(tests, key=lambda test: (not test.claimed, test.p_corrected))
    rows: list[list[Cell]] = [
        [
            test.what,
            *([f"{clipped(test.one, 20)}, {clipped(test.other, 20)}"] if len(pairs) > 1 else []),
            f"{test.amount(test.values[0])}, {test.amount(test.values[1])}",
            spanned(test),
            p_value(test.difference.p),
            p_value(test.p_corrected) + (" *" if test.claimed else ""),
            test.amount(test.difference.detectable),
        ]
        for test in ordered
    ]
    named = f"First {pairs[0][0]}, second {pairs[0][1]}. " if len(pairs) == 1 else ""
    caption = (
        f"{named}Difference: second less first, with its interval. * claimed. Could show: the smallest true difference "
        "that would have been claimed in four of five repetitions."
    )
    return Table(header, rows, caption=caption)


def spanned(test: Tested) -> str:
    """The difference and its interval, with signs.

    >>> from core.uncertainty import Interval
    >>> gap = Difference(Interval(0.1, -0.05, 0.2, 50), 0.03, 0.1)
    >>> spanned(Tested("accuracy", "A", "B", (0.8, 0.9), gap))
    '+10.0 [−5.0, +20.0] points'
    """
    found = test.difference.interval
    scale, digits, unit = (100, 1, " points") if test.share else (1, 3, "")
    low, middle, high = (_signed(scale * value, digits) for value in (found.low, found.estimate, found.high))
    return f"{middle} [{low}, {high}]{unit}"


def told(value: float, *, share: bool) -> str:
    """A proportion in percent, or a number.

    >>> told(0.123, share=True), told(0.1234, share=False)
    ('12.3 %', '0.123')
    """
    return f"{100 * value:.1f} %" if share else f"{value:.3f}".replace("-", "−")


def exact(value: Interval) -> str:
    """A proportion with its interval in percent to one digit, for where all are near 100.

    >>> exact(Interval(0.9955, 0.9913, 0.998, 2000))
    '99.6 % [99.1, 99.8]'
    """
    return f"{100 * value.estimate:.1f} % [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def p_value(p: float) -> str:
    """A p-value as people write it.

    >>> p_value(0.00004), p_value(0.0312), p_value(1.0)
    ('< 0.001', '0.031', '1')
    """
    return "< 0.001" if p < 0.001 else "1" if p > 0.9995 else f"{p:.3f}"


def _signed(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return ("0" if float(text) == 0 else text).replace("-", "−")


def _counted(count: int) -> str:
    return "One difference was" if count == 1 else f"{count} differences were"


def _of(claimed: int, count: int) -> str:
    if claimed == 0:
        return "none is"
    if claimed == count:
        return "it is" if count == 1 else "all are"
    return "one is" if claimed == 1 else f"{claimed} are"
