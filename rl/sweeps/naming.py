"""Names of a sweep's agents: world, what sets it apart from the others, algorithm, seed."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envs.spec import World
from rl.training import TrainConfig, checked

FIELDS = ("network", "view", "steps", "snapshots", "watched_levels")


@dataclass(frozen=True)
class Draft:
    """An agent before it has a name: from which block, the name given there, and the keys that were lists there."""

    block: int
    name: str | None
    config: TrainConfig
    world: World
    listed: frozenset[str]

    @property
    def prefix(self) -> str:
        return self.name or Path(self.config.world).stem

    @property
    def facets(self) -> Mapping[str, Any]:
        """All that may set it apart from others of its world and algorithm, by key."""
        dials = {f"dials.{name}": value for name, value in self.world.describe().items() if name != "name"}
        settings = {f"settings.{name}": value for name, value in self.config.settings.items()}
        return dials | {name: getattr(self.config, name) for name in FIELDS} | settings


def groups(drafts: Sequence[Draft]) -> list[str]:
    """Each draft's name but for its seed.

    In the name is what differs among the agents of one world (or of the name given to a block) and algorithm, and what
    a file gives as a list, so that another seed or another value of that list renames nothing.

    >>> from envs.registry import world
    >>> hall = world("coin", random_percent=2.0)
    >>> config = TrainConfig(world="coin", dials={"random_percent": 2.0}, seed=3)
    >>> groups([Draft(1, None, config, hall, frozenset({"dials.random_percent"}))])
    ['coin-random_percent=2-ppo']
    """
    alike = defaultdict(list)
    for draft in drafts:
        alike[draft.prefix, draft.config.algorithm].append(draft)
    telling = {key: _telling(members) for key, members in alike.items()}
    return [_group(draft, telling[draft.prefix, draft.config.algorithm]) for draft in drafts]


def labels(configs: Sequence[TrainConfig]) -> list[str]:
    """What sets each of some configurations of one world apart from the others, their seeds aside.

    >>> labels([TrainConfig(dials={"rand_region": 5}), TrainConfig(dials={"rand_region": 1})])
    ['rand_region=5', 'rand_region=1']
    """
    drafts = [Draft(0, None, config, checked(config), frozenset()) for config in configs]
    algorithms = {config.algorithm for config in configs}
    found = []
    for draft in drafts:
        alike = [one for one in drafts if one.config.algorithm == draft.config.algorithm]
        said = [_said(key, draft.facets[key]) for key in _telling(alike) if key in draft.facets]
        found.append(
            ", ".join([*said, *([draft.config.algorithm] if len(algorithms) > 1 or not said else [])])
        )
    return found


def _telling(drafts: Sequence[Draft]) -> list[str]:
    facets = [draft.facets for draft in drafts]
    keys = dict.fromkeys(key for one in facets for key in one)
    listed = frozenset().union(*(draft.listed for draft in drafts))
    return [key for key in keys if key in listed or len({repr(one.get(key)) for one in facets}) > 1]


def _group(draft: Draft, telling: Sequence[str]) -> str:
    facets = draft.facets
    said = [_said(key, facets[key]) for key in telling if key in facets]
    return "-".join(
        re.sub(r"[^\w.=+-]+", "_", part) for part in (draft.prefix, *said, draft.config.algorithm)
    )


def _said(key: str, value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if key in ("network", "view") else f"{key.rpartition('.')[2]}={text}"
