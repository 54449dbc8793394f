"""lucent_render(): lucent itself, run on a subject, for comparison; nothing of it is left behind."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.errors import BadInput, NotFinite
from core.progress import Progress, silent
from core.provenance import provenance
from core.subject import Subject, normalise
from core.targets import Output, Target, Unit, checked, score
from feature_viz.feature_image import FeatureImage

LUCENT_STEPS = 512
"""lucent's own number of steps."""


class Scaled(nn.Module):
    """A whole network with its input scaling, as lucent's users hand theirs over."""

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.network, self.spec = subject.module, subject.spec

    def forward(self, inputs: Tensor) -> Any:
        """The network's answer to images in [0, 1]."""
        return self.network(normalise(self.spec, inputs))


def lucent_render(
    subject: Subject,
    targets: Sequence[Target],
    *,
    steps: int = LUCENT_STEPS,
    size: int = 128,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[FeatureImage, ...]:
    """A picture per unit or output as lucent makes it: one by one, with all its defaults, seen at ``size`` pixels.

    ``trace`` is the negative of lucent's loss; its hooks are taken off the network, and numpy's and torch's
    random numbers go on as if it had not run.

    Raises
    ------
    UnknownName, BadInput
        if the subject has no such target, or lucent none of its kind.

    >>> from core.testing import planted_classifier
    >>> lucent_render(planted_classifier(seed=0), [], steps=2)
    ()
    """
    if steps < 1 or size < 2:
        raise BadInput(f"steps is {steps} and size {size}; at least 1 and 2 are expected")
    wanted = [(checked(subject, target), _loss(target)) for target in targets]
    made = []
    for place, (target, loss) in enumerate(wanted):

        def tick(done: int, before: int = place * steps) -> None:
            progress(before + done, len(wanted) * steps, "lucent")

        made.append(_picture(subject, target, loss, steps=steps, size=size, seed=seed, tick=tick))
    return tuple(made)


def _picture(
    subject: Subject,
    target: Target,
    loss: Callable[[Any], Tensor],
    *,
    steps: int,
    size: int,
    seed: int,
    tick: Callable[[int], None],
) -> FeatureImage:
    trace: list[float] = []

    def noted(read: Any) -> Tensor:
        value = loss(read)
        trace.append(-value.item())
        tick(len(trace))
        return value

    with warnings.catch_warnings(), _own_random_numbers(seed), _hooks_removed(model := Scaled(subject)):
        warnings.simplefilter("ignore")
        from lucent.optvis import param
        from lucent.optvis.render import render_vis

        pictures = render_vis(
            model,
            noted,
            lambda: param.image(size, channels=None if subject.spec.shape[0] == 3 else subject.spec.shape[0]),
            thresholds=(steps,),
            preprocess=False,
            progress=False,
            show_image=False,
            fixed_image_size=size,
        )
    if len(trace) < steps:
        raise KeyboardInterrupt  # lucent keeps it to itself
    image = torch.from_numpy(pictures[-1][0]).permute(2, 0, 1).contiguous()
    with torch.no_grad():
        activation = float(score(subject, image[None], target))
    if not np.isfinite(activation):
        raise NotFinite(f"{target} of {subject.name} is {activation} for lucent's picture")
    stamp = provenance(
        subject=subject.fingerprint,
        seed=seed,
        engine=f"lucent {version('torch-lucent')}",
        steps=steps,
        size=size,
    )
    return FeatureImage(str(target), image, activation, activation != 0, torch.tensor(trace), seed, stamp)


def _loss(target: Target) -> Callable[[Any], Tensor]:
    """What lucent lowers for a target: its channel, neuron and class objectives."""
    if isinstance(target, Output):
        return lambda read: -read("labels")[:, target.index].mean()
    if not isinstance(target, Unit):
        kind = type(target).__name__.lower()
        raise BadInput(f"lucent makes pictures of units and outputs; {target}, a {kind}, is neither")
    place = f"network_{target.layer.replace('.', '_')}"
    if target.y is None or target.x is None:
        return lambda read: -read(place)[:, target.channel].mean()
    return lambda read: -read(place)[:, target.channel, target.y, target.x].mean()


@contextmanager
def _own_random_numbers(seed: int) -> Iterator[None]:
    """Inside, numpy's and torch's global generators start from the seed; afterwards they go on as before."""
    kept = np.random.get_state()  # noqa: NPY002 - lucent draws from numpy's global generator
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            yield
    finally:
        np.random.set_state(kept)  # noqa: NPY002


@contextmanager
def _hooks_removed(model: nn.Module) -> Iterator[None]:
    """Afterwards every module has the forward hooks that it had before, and no others."""
    before = {module: set(module._forward_hooks) for module in model.modules()}
    try:
        yield
    finally:
        for module, kept in before.items():
            for hook in [name for name in module._forward_hooks if name not in kept]:
                del module._forward_hooks[hook]
