"""Clean and corrupted photographs between which a classifier's answer turns: five ways to make them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from core.errors import BadInput, UnknownName
from core.pairs import Pair, turns
from core.progress import Progress, silent
from core.subject import Subject, run
from vision.datasets import ImageSource
from vision.grey import suited

Pictures = tuple[Tensor, Tensor, Tensor]
Made = tuple[Tensor, Tensor, Tensor]
"""Clean, corrupted (c, h, w), and where they differ (h, w)."""

RADIUS, SOFT = 0.36, 0.06
"""Of the disc in the middle that is blurred or replaced, and of its soft edge, as shares of the picture's side."""
BLUR, NOISE = 0.08, 0.25
"""Standard deviations: of the blur as a share of the picture's side; of the noise in units of [0, 1]."""
TRIES = 40
"""Draws of photographs for each pair asked for, before a kind is given up."""


@dataclass(frozen=True)
class PairKind:
    """How a pair is made of photographs: ``make((first, second, third), seed)``.

    The answers that it should turn between are those of the first photograph alone and of the ``against``-th (1 for the
    second, 2 for the third); with None they are read off the made pair itself.
    """

    meaning: str
    make: Callable[[Pictures, int], Made]
    against: int | None = None


def disc(height: int, width: int) -> Float[Tensor, "h w"]:
    """1 in a disc in the middle, 0 outside, with a soft edge so that none is drawn into the picture.

    >>> disc(9, 9)[4, 4].item(), disc(9, 9)[0, 0].item()
    (1.0, 0.0)
    """
    side = min(height, width)
    down = torch.arange(height) - (height - 1) / 2
    across = torch.arange(width) - (width - 1) / 2
    away = torch.sqrt(down[:, None] ** 2 + across[None] ** 2) / side
    return ((RADIUS + SOFT - away) / SOFT).clamp(0, 1)


def _two(pictures: Pictures, seed: int) -> Made:
    first, second, _ = pictures
    return first, second, torch.ones(first.shape[1:], dtype=torch.bool)


def _blurred(pictures: Pictures, seed: int) -> Made:
    first = pictures[0]
    from torchvision.transforms.functional import gaussian_blur

    sigma = BLUR * min(first.shape[1:])
    size = 2 * min(round(2 * sigma), (min(first.shape[1:]) - 1) // 2) + 1  # reflection needs less than a side
    return _mixed(first, gaussian_blur(first[None], [size, size], [sigma, sigma])[0])


def _replaced(pictures: Pictures, seed: int) -> Made:
    first, second, _ = pictures
    return _mixed(first, second)


def _mixed(around: Tensor, middle: Tensor) -> Made:
    share = disc(*around.shape[1:])
    return around, (1 - share) * around + share * middle, share > 0


def _noised(pictures: Pictures, seed: int) -> Made:
    first = pictures[0]
    noise = torch.randn(first.shape, generator=torch.Generator().manual_seed(seed))
    return first, (first + NOISE * noise).clamp(0, 1), torch.ones(first.shape[1:], dtype=torch.bool)


def _halves(pictures: Pictures, seed: int) -> Made:
    first, second, third = pictures
    changed = torch.zeros(first.shape[1:], dtype=torch.bool)
    changed[:, : first.shape[2] // 2] = True
    return beside(first, second), beside(third, second), changed


def beside(left: Float[Tensor, "c h w"], right: Float[Tensor, "c h w"]) -> Float[Tensor, "c h w"]:
    """The middle columns of two pictures side by side, in one of the same size.

    >>> beside(torch.zeros(1, 2, 4), torch.ones(1, 2, 4))[0, 0].tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    width = left.shape[2]
    half = width // 2
    start, rest = (width - half) // 2, width - half
    return torch.cat([left[..., start : start + half], right[..., (width - rest) // 2 :][..., :rest]], 2)


KINDS: Mapping[str, PairKind] = {
    "two-classes": PairKind("two photographs of different classes", _two, against=1),
    "blurred": PairKind("a photograph, and the same with its middle blurred", _blurred),
    "replaced": PairKind("a photograph, and the same with another's middle in its own", _replaced),
    "noised": PairKind("a photograph, and the same under noise", _noised),
    "halves": PairKind(
        "two photographs side by side, and the same with another on the left", _halves, against=2
    ),
}
"""What can be done to photographs so that the answer turns. "halves" follows the "CatFish" of [rajaram2024]."""


def pairs(
    subject: Subject,
    source: ImageSource,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    each: int = 8,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Pair, ...]:
    """``each`` pairs of every kind, between whose two pictures the classifier's answer turns.

    Photographs are drawn at random; where the source has classes, only those that the network gets right. The
    unrelated input is a third photograph whose answer is neither of the two. The first pairs of a kind are the same
    whatever else is asked for.

    Raises
    ------
    UnknownName
        if there is no such kind.
    BadInput
        if fewer than four of the images can serve, or too few of the draws turn the answer.

    >>> from vision.datasets import shapes_source
    >>> from vision.models import load
    >>> made = pairs(load("shapes"), shapes_source(60), kinds=["halves"], each=2)
    >>> [turns(load("shapes"), pair) for pair in made]
    [True, True]
    """
    for name in kinds:
        if name not in KINDS:
            raise UnknownName("kind of pair", name, KINDS)
    drawing = _Drawing(subject, suited(source, subject.spec))
    found: list[Pair] = []
    for name in kinds:
        drawing.begin(np.random.default_rng([seed, *name.encode()]))
        for pair in _of_kind(name, drawing, each):
            found.append(pair)
            progress(len(found), each * len(kinds), f"looking for pairs · {name}")
    return tuple(found)


class _Drawing:
    """Photographs drawn one by one in random order, over and over, with what the network answers to each."""

    def __init__(self, subject: Subject, source: ImageSource) -> None:
        self.subject, self.source = subject, source
        self.head = next(iter(subject.heads))
        self.answers: dict[int, int] = {}
        self.fits: dict[int, bool] = {}
        self.begin(np.random.default_rng(0))

    def begin(self, rng: np.random.Generator) -> None:
        """Start another order."""
        self.rng, self.order = rng, list[int]()

    def next(self, barred: Sequence[int] = ()) -> tuple[int, Tensor]:
        """The number and the pixels of one whose answer is none of ``barred``."""
        for _ in range(4 * len(self.source)):
            if not self.order:
                self.order = self.rng.permutation(len(self.source)).tolist()
            number = self.order.pop()
            if self.fits.get(number) is False or self.answers.get(number) in barred:
                continue
            picture = next(self.source.at([number]))
            if self._serves(number, picture) and self.answers[number] not in barred:
                return number, picture
        raise BadInput(
            f"of the {len(self.source)} images of {self.source.name!r}, too few are answered rightly and differently "
            f"by {self.subject.name} to make pairs of; at least four classes are needed"
        )

    def _serves(self, number: int, picture: Tensor) -> bool:
        if number not in self.fits:
            with torch.no_grad():
                answer = int(run(self.subject, picture[None])[self.head].argmax())
            self.answers[number] = answer
            known = None if self.source.classes is None else self.source.targets_of(number, 1)
            self.fits[number] = known is None or int(known[0]) in (answer, -1)
        return self.fits[number]


def _of_kind(name: str, drawing: _Drawing, each: int) -> Iterator[Pair]:
    found = 0
    for number in range(TRIES * each):
        pair = _drawn(name, drawing, number)
        if turns(drawing.subject, pair):
            yield pair
            found += 1
        if found == each:
            return
    raise BadInput(
        f"only {found} of {TRIES * each} pairs of kind {name!r} turned the answer of {drawing.subject.name}, and "
        f"{each} were asked for; ask for fewer pairs or for other kinds"
    )


def _drawn(name: str, drawing: _Drawing, seed: int) -> Pair:
    kind, answers = KINDS[name], drawing.answers
    chosen: list[int] = []
    pictures: list[Tensor] = []
    for _ in range(3):
        number, picture = drawing.next(barred=[answers[one] for one in chosen])
        chosen.append(number)
        pictures.append(picture)
    clean, corrupted, changed = kind.make((pictures[0], pictures[1], pictures[2]), seed)
    plus = answers[chosen[0]]
    minus = answers[chosen[kind.against]] if kind.against else _answer(drawing, corrupted)
    _, unrelated = drawing.next(barred=[plus, minus, *(answers[one] for one in chosen)])
    told = " and ".join(drawing.source.names[number] for number in _shown(name, chosen))
    return Pair(name, told, clean, corrupted, unrelated, drawing.head, plus, minus, changed.clone())


def _answer(drawing: _Drawing, picture: Float[Tensor, "c h w"]) -> int:
    with torch.no_grad():
        return int(run(drawing.subject, picture[None])[drawing.head].argmax())


def _shown(name: str, chosen: Sequence[int]) -> Sequence[int]:
    """Which of the drawn photographs a pair is made of."""
    return {"two-classes": chosen[:2], "replaced": chosen[:2], "halves": chosen}.get(name, chosen[:1])
