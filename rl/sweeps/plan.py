"""A sweep file (TOML) into the tasks of a Sweep: every block the product of its lists, all of it checked first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from core.errors import BadInput, GridlensError, UnknownName
from envs.observations import observation_shape
from envs.registry import world as make_world
from rl.configuring import configured
from rl.presets import PRESETS
from rl.sweeps.naming import Draft, groups
from rl.sweeps.source import AGENTS, Source, read_source
from rl.sweeps.task import Plan, Task
from rl.training import TrainConfig, checked

TOP: Mapping[str, type] = {"name": str, AGENTS: list, "evaluate": dict}
BLOCK: Mapping[str, type] = {
    "world": str,
    "preset": str,
    "algorithm": str,
    "network": str,
    "view": str,
    "steps": int,
    "snapshots": str,
    "watched_levels": int,
}
"""The keys of [[agents]] that take a value or a list of them, in the order of the product."""
FURTHER: Mapping[str, type] = {"name": str, "seeds": int, "dials": dict, "settings": dict}
EVALUATE: Mapping[str, type] = {"levels": int, "seed": int, "steps": int, "over": dict}
WORDS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    dict: "a table",
    list: f"blocks that begin with [[{AGENTS}]]",
}


@dataclass(frozen=True)
class Sweep:
    """Agents to be trained and evaluated; ``source`` is the text of the file that asked for them."""

    name: str
    tasks: tuple[Task, ...]
    source: str = field(default="", repr=False)


def read(path: str | Path) -> Sweep:
    """Read a sweep file; docs/sweeps.md says what may stand in it. Writes nothing.

    The tasks are in the order of the blocks, within one in that of ``BLOCK``, then the dials and the settings as
    they are written, and the seeds last.

    Raises
    ------
    Unreadable
        if there is no such file.
    BadInput
        if the file is not TOML, a key is not known (the nearest is named), a value is of another kind, or any of the
        agents could not be trained or evaluated so; says on which line, and of which agent.
    """
    source = read_source(path)
    _known(source, source.tables, TOP, "")
    name = source.tables.get("name", Path(path).stem)
    blocks = source.tables.get(AGENTS, [])
    if not blocks or not all(isinstance(block, dict) for block in blocks):
        raise BadInput(f"{source.name!r} has no [[{AGENTS}]]; expected at least one such block")
    plan = _plan(source)
    drafts = [draft for number, block in enumerate(blocks, 1) for draft in _drafts(source, block, number)]
    tasks = tuple(
        Task(f"{group}-seed{draft.config.seed}", draft.config, _fitting(source, plan, draft), group)
        for draft, group in zip(drafts, groups(drafts), strict=True)
    )
    _refuse_twice(source, drafts, tasks)
    _refuse_idle(source, plan, tasks)
    return Sweep(name, tasks, source.text)


def _drafts(source: Source, block: Mapping[str, Any], number: int) -> Iterator[Draft]:
    _known(source, block, {**BLOCK, **FURTHER}, AGENTS, number)
    if "world" not in block and "preset" not in block:
        raise BadInput(f"{source.where(AGENTS, block=number)} names neither a world nor a preset")
    axes = _axes(source, block, number)
    listed = frozenset(name for name, (values, many) in axes.items() if many)
    for values in product(*(values for values, _ in axes.values())):
        chosen = dict(zip(axes, values, strict=True))
        try:
            config = _config(chosen)
            yield Draft(number, block.get("name"), config, checked(config), listed)
        except GridlensError as error:
            said = ", ".join(f"{name} {value}" for name, value in chosen.items() if name in listed)
            raise BadInput(
                f"{source.where(AGENTS, block=number)}{f' ({said})' if said else ''}: {error}"
            ) from error


def _axes(source: Source, block: Mapping[str, Any], number: int) -> dict[str, tuple[list[Any], bool]]:
    """Key to its values, and whether they were written as a list; dials and settings as "dials.size"."""
    found = {
        key: _values(source, block[key], kind, AGENTS, key, number)
        for key, kind in BLOCK.items()
        if key in block
    }
    for table in ("dials", "settings"):
        for key, value in block.get(table, {}).items():
            found[f"{table}.{key}"] = _values(source, value, None, f"{AGENTS}.{table}", key, number)
    return found | {"seeds": (_seeds(source, block.get("seeds", 1), number), False)}


def _values(
    source: Source, value: Any, kind: type | None, table: str, key: str, number: int
) -> tuple[list[Any], bool]:
    many = isinstance(value, list)
    values = value if many else [value]
    for one in values:
        if not (isinstance(one, int | float | str) if kind is None else _is(one, kind)):
            expected = f"{WORDS[kind]}, or a list" if kind else "a number, text or a list"
            raise BadInput(
                f"{source.where(table, key, block=number)}: {key!r} is {one!r}; expected {expected}"
            )
    if not values or len(set(map(str, values))) < len(values):
        raise BadInput(
            f"{source.where(table, key, block=number)}: {key!r} is {value!r}; expected each value once"
        )
    return values, many


def _seeds(source: Source, given: Any, number: int) -> list[int]:
    """A count is that many seeds from 0."""
    seeds = list(range(given)) if _is(given, int) else given
    if (
        not isinstance(seeds, list)
        or not seeds
        or not all(_is(seed, int) and seed >= 0 for seed in seeds)
        or len(set(seeds)) < len(seeds)
    ):
        raise BadInput(
            f"{source.where(AGENTS, 'seeds', block=number)}: 'seeds' is {given!r}; expected how many, or a list of "
            f"different whole numbers from 0"
        )
    return seeds


def _config(chosen: Mapping[str, Any]) -> TrainConfig:
    """The configuration that ``gridlens train`` would make of the same words."""
    preset, common = chosen.get("preset"), ("network", "view", "watched_levels")
    if preset is not None and preset not in PRESETS:
        raise UnknownName("preset", preset, PRESETS)
    return configured(
        preset,
        world=chosen.get("world") or PRESETS[str(preset)].config.world,
        algorithm=chosen.get("algorithm"),
        dials=_under("dials", chosen),
        settings={name: chosen[name] for name in common if name in chosen} | _under("settings", chosen),
        steps=chosen.get("steps"),
        snapshots=chosen.get("snapshots"),
        seed=chosen["seeds"],
    )


def _under(table: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name.partition(".")[2]: value for name, value in chosen.items() if name.startswith(f"{table}.")}


def _plan(source: Source) -> Plan:
    given = source.tables.get("evaluate", {})
    _known(source, given, EVALUATE, "evaluate")
    for key, least in (("levels", 1), ("seed", 0), ("steps", 1)):
        if given.get(key, least) < least:
            raise BadInput(
                f"{source.where('evaluate', key)}: {key!r} is {given[key]}; expected at least {least}"
            )
    over = given.get("over", {})
    for dial, values in over.items():
        if not isinstance(values, list) or not values:
            raise BadInput(
                f"{source.where('evaluate.over', dial)}: {dial!r} is {values!r}; expected a list of values"
            )
    return Plan(**given)


def _fitting(source: Source, plan: Plan, draft: Draft) -> Plan:
    """The plan with those dials of ``over`` that the draft's world has."""
    described = draft.world.describe()
    over = {dial: values for dial, values in plan.over.items() if dial in described}
    shape = observation_shape(draft.world, draft.config.view)
    for dial, values in over.items():
        at = source.where("evaluate.over", dial)
        for value in values:
            try:
                turned = make_world(**(described | {dial: value}))
            except GridlensError as error:
                raise BadInput(f"{at}: {error}") from error
            if observation_shape(turned, draft.config.view) != shape:
                raise BadInput(
                    f"{at}: with {dial} {value} an agent of [[{AGENTS}]] {draft.block} would see another shape than in "
                    f"training, {observation_shape(turned, draft.config.view)} instead of {shape}"
                )
    return replace(plan, over=over)


def _known(
    source: Source, given: Mapping[str, Any], known: Mapping[str, type], table: str, block: int = 0
) -> None:
    for key, value in given.items():
        if key not in known:
            raise BadInput(f"{source.where(table, key, block=block)}: {UnknownName('key', key, known)}")
        simple = key in BLOCK or key == "seeds"  # may be lists, and are checked one by one
        if not (block and simple) and not _is(value, known[key]):
            raise BadInput(
                f"{source.where(table, key, block=block)}: {key!r} is {value!r}; expected {WORDS[known[key]]}"
            )


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _refuse_twice(source: Source, drafts: Sequence[Draft], tasks: Sequence[Task]) -> None:
    seen: dict[str, int] = {}
    for draft, task in zip(drafts, tasks, strict=True):
        if task.name in seen:
            raise BadInput(
                f"{source.name!r} asks for agent {task.name!r} twice, in [[{AGENTS}]] {seen[task.name]} and "
                f"{draft.block}; expected every agent once"
            )
        seen[task.name] = draft.block


def _refuse_idle(source: Source, plan: Plan, tasks: Sequence[Task]) -> None:
    """A dial to be played over that no world has is a slip of the pen."""
    for dial in plan.over:
        if not any(dial in task.evaluation.over for task in tasks):
            dials = {
                name
                for task in tasks
                for name in make_world(task.config.world, **task.config.dials).describe()
            }
            raise BadInput(
                f"{source.where('evaluate.over', dial)}: {UnknownName('dial', dial, dials - {'name'})}"
            )
