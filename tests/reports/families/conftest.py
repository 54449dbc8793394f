"""A made-up run of family search, as its pages are written from."""

import math

import numpy as np
import pytest

from core.artifacts import write_image, write_json
from core.runs import running

SLOTS = 24


def bar(angle, size=48):
    """A picture of half an edge at an angle, counter-clockwise from the right."""
    axis = np.linspace(-1, 1, size)
    x, y = np.meshgrid(axis, -axis)
    along = math.cos(angle) * x + math.sin(angle) * y
    tip = np.clip(1 - 8 * np.hypot(x - 0.6 * math.cos(angle), y - 0.6 * math.sin(angle)), 0, 1)
    return np.stack([np.clip(0.5 + 3 * along, 0, 1), np.full_like(x, 0.5), tip]).astype(np.float32)


def member(unit, place, count, places=None):
    row = [math.cos(2 * math.pi * (g - place) / count) for g in range(count)]
    tuning = {
        "axis": list(range(0, 360, 15)),
        "values": [max(0.0, math.cos(math.radians(a - 360 * place / count))) for a in range(0, 360, 15)],
        "period": 360,
        "preferred": 360 * place / count,
    }
    return {
        "unit": unit,
        "place": place,
        "places": places or [place],
        "label": f"{360 * place / count:g}°",
        "copies": [],
        "row": row,
        "tuning": tuning,
        "picture": f"pictures/relu1/{unit:04d}.webp",
        "href": None,
    }


def family(number, places, count=SLOTS, first=0, stabiliser=()):
    members = [
        member(first + i, place, count, [(place + s) % count for s in (0, *stabiliser)])
        for i, place in enumerate(places)
    ]
    return {
        "number": number,
        "title": f"Family {number}",
        "likeness": 0.91,
        "consistency": 0.97,
        "stabiliser": ["180°"] if stabiliser else [],
        "members": members,
        "marks": [one["place"] for one in members],
        "tuning": {"correlation": 0.97, "called": "curves", "tried": 9, "n": len(members)},
        "weights": {
            "assigned": 0.8,
            "low": 0.7,
            "high": 0.9,
            "elsewhere": 0.1,
            "outside": 0.02,
            "word": "borne out",
            "source": "conv1",
        },
        "published": None,
    }


def layer_of(families, group):
    inside = sum(len(one["members"]) for one in families)
    counts = {"families": len(families), "in families": inside, "invariant": 3, "duplicates": 2, "dead": 1}
    return {
        "name": "relu1",
        "kind": "ReLU",
        "map": [32, 32],
        "field": [5, 5],
        "units": inside + 16,
        "counts": counts | {"alone": 10},
        "null": {
            "families": 1,
            "in families": 2,
            "invariant": 3,
            "duplicates": 0,
            "dead": 1,
            "alone": inside + 10,
        },
        "halves": {"counts": [counts, counts], "ari": 0.93},
        "threshold": 0.62,
        "false_discovery": 0.04,
        "why": "4.0% of such pairs are expected by chance",
        "inputs": 500,
        "positions": 16,
        "families": families,
        "invariant": [90, 91, 92],
        "duplicates": [[93, 94]],
        "dead": [95],
        "alone": list(range(96, 106)),
        "published": {"known": False, "why": "Published families are of lucent:inceptionv1 alone."},
        "hrefs": {},
        "shown": [{"number": one["number"], "members": one["members"]} for one in families],
    }


def document_of(layer, group):
    return {
        "subject": {"name": "shapes", "fingerprint": "abc", "input": [3, 64, 64]},
        "group": group,
        "done": "turned",
        "pictures": "Pictures: made up.",
        "inputs": {"called": "images", "count": 500, "fingerprint": "def", "drawn": False},
        "search": {"seed": 0},
        "layers": [layer],
        "waiting": [],
    }


@pytest.fixture
def made_up(tmp_path):
    """Write a run under such a group: each family given by its places and the steps that leave it as it is."""

    def made(group, places, *, changed=None):
        count = len(group["labels"])
        families = [
            family(number, held, count, 20 * (number - 1), same)
            for number, (held, same) in enumerate(places, 1)
        ]
        layer = layer_of(families, group) | (changed or {})
        folder = tmp_path / "families"
        with running(folder, kind="families", parameters={}):
            write_json(folder / "pages.json", document_of(layer, group))
            write_json(folder / "pages" / "relu1.json", layer)
            for one in (m for f in families for m in f["members"]):
                write_image(folder / one["picture"], bar(2 * math.pi * one["place"] / len(group["labels"])))
        return folder

    return made


RING = {
    "name": "rotation",
    "labels": [f"{15 * step}°" for step in range(SLOTS)],
    "shape": [SLOTS],
    "wraps": [True],
    "axes": ["rotation"],
}
DIHEDRAL = {
    "name": "rotation with reflection",
    "labels": [f"{sign}{45 * step}°" for sign in ("", "mirrored ") for step in range(8)],
    "shape": [2, 8],
    "wraps": [True, True],
    "axes": ["reflection", "rotation"],
}
STRIP = {
    "name": "scale",
    "labels": ["x0.5", "x0.71", "x1", "x1.41", "x2"],
    "shape": [5],
    "wraps": [False],
    "axes": ["scale"],
}
GRID = {
    "name": "hue x rotation",
    "labels": [f"{60 * hue}°, {45 * turn}°" for hue in range(6) for turn in range(8)],
    "shape": [6, 8],
    "wraps": [True, True],
    "axes": ["hue", "rotation"],
}


@pytest.fixture
def groups():
    """Groups of every shape that pages know, by name."""
    return {"ring": RING, "rings": DIHEDRAL, "strip": STRIP, "grid": GRID}
