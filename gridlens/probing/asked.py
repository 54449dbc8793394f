"""What `gridlens probe` is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """``samples`` states or images (None: what suits the subject); ``moments`` of training at most, 1 the last alone.

    Of an agent ``concepts`` are names of ``rl.concepts`` or files of the user's own, of a classifier factors of the
    procedural images; none are the usual ones.
    """

    concepts: tuple[str, ...] = ()
    samples: int | None = None
    moments: int = 20
    seed: int = 0
