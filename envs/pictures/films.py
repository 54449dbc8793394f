"""GIF and MP4 films of an episode, with a caption that says what happened in every step."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.artifacts import atomic
from core.errors import BadInput
from envs.pictures.moments import Chooser, Moment, chooser, held_out, moments
from envs.pictures.rendering import frame
from envs.spec import World

KINDS = (".gif", ".mp4")
NARROWEST = 264
"""Pixels that the caption needs; narrower worlds stand in the middle."""
LINES, LINE, MARGIN, SECOND = 3, 17, 6, 116
"""Lines of the caption, their height, its margin, and where its second column begins."""
HOLD_FIRST, HOLD_LAST = 0.8, 1.6
"""Seconds for which the start and the end stand still."""
RECENT = 6
"""Steps for which an event stays in the caption, paler after its own."""

Colour = tuple[int, int, int]
PAPER: Colour = (28, 31, 38)
INK: Colour = (236, 236, 236)
PALE: Colour = (140, 146, 158)
ROLES: dict[str, Colour] = {"intended": (120, 208, 255), "proxy": (255, 176, 80), "other": INK}


def film(
    world: World,
    path: str | Path,
    *,
    policy: str | Chooser = "intended",
    level: int | None = None,
    steps: int | None = None,
    cell: int = 24,
    fps: float = 8,
    seed: int = 0,
) -> Path:
    """Play one level and write it as a film, GIF or MP4 as the path ends; returns the path.

    ``policy`` is one of the world's by name, or any function of a state to actions; ``level`` a level seed, by default
    the held-out level with the number ``seed``; ``seed`` also draws what the policy leaves to chance. One picture for
    the start and one after each step, ``cell`` pixels a cell; start and end are held for a while (in an MP4 by
    repetition). ``steps`` as in ``envs.pictures.moments.moments``. A GIF of one level is the same bytes each time.

    Raises
    ------
    BadInput
        if the path ends otherwise, or MP4 is asked for without the extra "film" installed.
    UnknownName
        if the world has no such policy.

    >>> import tempfile
    >>> from envs.registry import world
    >>> film(world("cheese", size=5), Path(tempfile.mkdtemp()) / "maze.gif", level=0).name
    'maze.gif'
    """
    check_path(path)
    choose = chooser(world, policy, seed=seed) if isinstance(policy, str) else policy
    played = moments(world, choose, level=held_out(seed) if level is None else level, steps=steps)
    return write_film(world, list(played), path, cell=cell, fps=fps)


def write_film(
    world: World, played: Sequence[Moment], path: str | Path, *, cell: int = 24, fps: float = 8
) -> Path:
    """Moments that have been played already, as a film; see ``film``."""
    path = check_path(path)
    if not 4 <= cell <= 256 or not 0.1 <= fps <= 60:
        raise BadInput(f"a film has from 4 to 256 pixels a cell and 0.1 to 60 fps; got {cell} and {fps}")
    if not played:
        raise BadInput("a film needs at least one moment; got none")
    pictures = [picture(world, played, t, cell=cell) for t in range(len(played))]
    with atomic(path) as temporary:
        (_write_gif if path.suffix.lower() == ".gif" else _write_mp4)(pictures, temporary, fps)
    return path


def check_path(path: str | Path) -> Path:
    """The path, if a film can be written there; raises BadInput, before anything is played."""
    path = Path(path)
    if path.suffix.lower() not in KINDS:
        raise BadInput(
            f"film {str(path)!r} should end in .gif or .mp4; it ends in {path.suffix or 'nothing'!r}"
        )
    if path.suffix.lower() == ".mp4":
        _encoder()
    return path


def picture(world: World, played: Sequence[Moment], t: int, *, cell: int = 24) -> np.ndarray:
    """Moment ``t`` of those played, with its caption: uint8 (y, x, 3), y and x even."""
    grid = frame(world, played[t].state, cell=cell)
    h, w, _ = grid.shape
    width = max(w + w % 2, NARROWEST)
    height = h + LINES * LINE + MARGIN
    sheet = Image.new("RGB", (width, height + height % 2), PAPER)
    sheet.paste(Image.fromarray(grid), ((width - w) // 2, 0))
    _caption(sheet, world, played, t, top=h + MARGIN // 2)
    return np.asarray(sheet)


def _caption(sheet: Image.Image, world: World, played: Sequence[Moment], t: int, *, top: int) -> None:
    now = played[t]
    done = "start" if now.action is None else world.actions[now.action]
    limit = f" of {world.limit}" if world.limit else ""
    _write(sheet, (MARGIN, top), f"step {now.step}{limit}", INK)
    _write(sheet, (SECOND, top), done, PALE)
    _write(sheet, (MARGIN, top + LINE), f"reward {now.total:g}", INK)
    _write(sheet, (SECOND, top + LINE), f"hidden performance {now.performance:g}", INK)
    x = MARGIN
    for text, colour in _happened(world, played, t):
        _write(sheet, (x, top + 2 * LINE), text, colour)
        x += round(_font().getlength(text)) + 8


def _write(sheet: Image.Image, corner: tuple[int, int], text: str, colour: Colour) -> None:
    """A line of text with few shades, so that the palette has room for the world's colours."""
    mask = Image.new("L", (sheet.width - corner[0], LINE))
    ImageDraw.Draw(mask).text((0, 0), text, 255, _font())
    sheet.paste(colour, corner, mask.point([round(shade / 85) * 85 for shade in range(256)]))


def _happened(world: World, played: Sequence[Moment], t: int) -> list[tuple[str, Colour]]:
    """How the level ended, what happened in this step, and paler what happened shortly before."""
    roles = {event.name: event.role for event in world.spec.events}
    told: dict[str, tuple[str, Colour]] = {}
    if played[t].ended:
        told[""] = (played[t].ended, INK)
    for before in range(min(RECENT, t + 1)):
        for name, times in played[t - before].events.items():
            text = name + (f" x{times}" if times > 1 else "")
            told.setdefault(name, (text, ROLES[roles[name]] if before == 0 else PALE))
    return list(told.values())


@lru_cache(maxsize=1)
def _font() -> Any:
    return ImageFont.load_default(13)


def _write_gif(pictures: Sequence[np.ndarray], path: Path, fps: float) -> None:
    """One palette for all pictures, no dithering; Pillow writes only the rectangle that changed."""
    colours, numbers = _palette(np.stack(pictures))
    frames = []
    for picture in numbers:
        frames.append(Image.fromarray(picture, "P"))
        frames[-1].putpalette(colours.tobytes())
    durations = [round(1000 / fps)] * len(frames)
    durations[-1] = round(1000 * HOLD_LAST)
    durations[0] = round(1000 * HOLD_FIRST)
    first, *others = frames
    first.save(
        path,
        "GIF",
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        optimize=True,
        disposal=1,
    )


def _palette(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 256 most frequent colours (k, 3), and for each pixel the nearest: uint8 (n, y, x)."""
    red, green, blue = (pictures[..., k].astype(np.int32) for k in range(3))
    packed = red << 16 | green << 8 | blue
    present = np.zeros(2**24, bool)
    present[packed] = True
    found = np.flatnonzero(present)
    number = np.zeros(2**24, np.int32)
    number[found] = np.arange(len(found))
    exact = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.uint8)
    often = np.bincount(number[packed].ravel())
    kept = np.sort(np.argsort(-often, kind="stable")[:256])
    apart = ((exact[:, None].astype(np.int32) - exact[kept]) ** 2).sum(axis=2)
    return exact[kept], apart.argmin(axis=1).astype(np.uint8)[number[packed]]


def _write_mp4(pictures: Sequence[np.ndarray], path: Path, fps: float) -> None:
    """H.264 in yuv420p, its index in front: what browsers play."""
    from fractions import Fraction

    av = _encoder()
    held = [
        max(0, round(fps * HOLD_FIRST) - 1),
        *[0] * (len(pictures) - 2),
        max(0, round(fps * HOLD_LAST) - 1),
    ]
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18", "preset": "slow", "tune": "animation"}
        for picture, more in zip(pictures, held[-len(pictures) :], strict=True):
            for _ in range(1 + more):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _encoder() -> Any:
    try:
        import av
    except ImportError:
        raise BadInput(
            "writing .mp4 needs PyAV, which is not installed: pip install 'gridlens[film]', or name a .gif"
        ) from None
    return av
