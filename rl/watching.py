"""Watch: what happens beside learning - progress, snapshots, the learning curve, checkpoints, the check for NaN."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback

from core.artifacts import write_csv, write_tensors
from core.progress import Progress
from envs.randomness import streams
from envs.sb3 import WorldVecEnv
from envs.spec import World
from envs.state import State
from rl import checkpoints
from rl.agents import SNAPSHOTS, as_subject
from rl.algorithms import ALGORITHMS
from rl.algorithms.algorithm import network_of
from rl.episodes import Episodes
from rl.finite import advice, check_rollout, check_step, check_update
from rl.goals import SHIFTED, distributions, goals_of, roles_of
from rl.logs import POINTS
from rl.rollouts import level_seeds, play
from rl.snapshots import schedule

WATCHED_SEED = 20_000
WATCHED_STEPS = 300
"""Steps of a watched episode, and unit of the training rate, in a world without a limit."""


class Watch(BaseCallback):
    """Between two updates everything lies still: that is where this looks, saves and seeds the next random draws."""

    def __init__(
        self, config: Any, settings: Any, venv: WorldVecEnv, folder: Path, progress: Progress
    ) -> None:
        super().__init__()
        self.config, self.settings, self.venv = config, settings, venv
        self.folder, self.progress = folder, progress
        self.algorithm = ALGORITHMS[config.algorithm]
        self.schedule = schedule(config.snapshots, config.steps)
        self.rows: list[dict[str, float]] = []
        self.before = dict(venv.totals)
        self.earlier, self.logged, self.largest = 0.0, 0, 0.0
        self.began = self.saved = time.monotonic()

    def recall(self, notes: dict[str, Any]) -> None:
        """Go on with what a checkpoint noted."""
        self.rows, self.before, self.earlier = notes["rows"], notes["before"], notes["seconds"]
        self.logged, self.largest = notes["logged"], notes["largest"]

    def _on_step(self) -> bool:
        rewards, seen = self.locals["rewards"], self.locals["new_obs"]
        self.largest = max(self.largest, check_step(self.num_timesteps, self.venv.world, rewards, seen))
        return True

    def _on_rollout_start(self) -> None:
        self._check_update()
        due = self.num_timesteps >= self._due()
        if due:
            self.look()
        self._log(now=due)
        if time.monotonic() - self.saved > self.config.checkpoint_seconds and self.num_timesteps:
            self._save()
        self._tell()
        self._seed()

    def _on_rollout_end(self) -> None:
        rollout = getattr(self.model, "rollout_buffer", None)
        if rollout is not None:
            arrays = {name: getattr(rollout, name) for name in ("values", "advantages")}
            check_rollout(self.num_timesteps, arrays, self.advice())

    def _on_training_end(self) -> None:
        self._check_update()
        if not self.rows or self.rows[-1]["steps"] != self.num_timesteps:
            self.look()
        self._log(now=True)
        self._tell()

    def advice(self) -> str:
        """What to try where learning breaks down now."""
        return advice(self.settings, self.largest)

    def _check_update(self) -> None:
        logged = self.logger.name_to_value
        losses = {name: logged[name] for name in self.algorithm.losses if name in logged}
        check_update(self.num_timesteps, losses, network_of(self.model), self.advice())

    def _save(self) -> None:
        notes = {name: getattr(self, name) for name in ("rows", "before", "logged", "largest")}
        notes["seconds"] = self._seconds()
        checkpoints.save(self.folder, self.model, self.venv, self.algorithm, notes)
        self.saved = time.monotonic()

    def _seed(self) -> None:
        """Draws depend on the seed and the step alone, so that a resumed run draws what an unbroken one would."""
        word = int(streams(self.config.seed, 1)[0] >> np.uint64(1)) ^ self.num_timesteps
        torch.manual_seed(word)
        np.random.seed(word % 2**32)  # noqa: NPY002 - SB3 explores, samples and cuts sequences by this generator
        self.model.action_space.seed(word)

    def _log(self, *, now: bool) -> None:
        """A point of every curve for TensorBoard: ``now``, or if it is time for one of ``rl.logs.POINTS``."""
        if not now and self.num_timesteps - self.logged < self.config.steps / POINTS:
            return
        episodes = self.model.ep_info_buffer
        if episodes:
            self.logger.record("rollout/ep_rew_mean", float(np.mean([one["r"] for one in episodes])))
            self.logger.record("rollout/ep_len_mean", float(np.mean([one["l"] for one in episodes])))
        self.logger.record("time/fps", self.num_timesteps / max(self._seconds(), 1e-9))
        self.logger.dump(self.num_timesteps)
        self.logged = self.num_timesteps

    def look(self) -> None:
        """Keep the weights and play held-out levels of the training and of the shifted distribution."""
        network = network_of(self.model)
        write_tensors(
            self.folder / SNAPSHOTS / f"{self.num_timesteps:010d}.safetensors", network.state_dict()
        )
        subject = as_subject(network, self.venv.world, view=self.venv.view, name="in training")
        row: dict[str, float] = {"steps": self.num_timesteps, "seconds": round(self._seconds(), 2)}
        row["train_goal"] = self._lately()
        row |= standing(self.venv.world, self.venv.state)
        levels = level_seeds(self.config.watched_levels, split="test", seed=WATCHED_SEED)
        for name, world in watched(self.venv.world).items():
            played = play(subject, world, levels, view=self.venv.view, seed=WATCHED_SEED, steps=WATCHED_STEPS)
            row |= rates(name, played, world)
        for name, value in row.items():
            if name.startswith(("train_", *(f"{one}_" for one in watched(self.venv.world)))):
                self.logger.record("/".join(name.split("_", 1)), value)
        losses = self.algorithm.losses
        row |= {name.partition("/")[2]: self.logger.name_to_value.get(name, math.nan) for name in losses}
        self.rows.append({name: float(value) for name, value in row.items()})
        self.before = dict(self.venv.totals)
        write_csv(self.folder / "curve.csv", self.rows)

    def _due(self) -> float:
        """Steps at which the next look is due: at once, then as the schedule says."""
        if not self.rows:
            return 0.0
        return next((step for step in self.schedule if step > self.rows[-1]["steps"]), math.inf)

    def _tell(self) -> None:
        rate = self.num_timesteps / max(self._seconds(), 1e-9)
        label = f"training {self.folder.name} · {rate:,.0f} steps/s"
        world, intended = self.venv.world, roles_of(self.venv.world).get("intended")
        if intended and self.venv.totals["levels"] > self.before["levels"]:
            solved = f"{self._lately():.0%} of levels solved"
            label += (
                f" · {solved}" if goals_of(world).places else f" · {intended} {self._lately():.2f} a level"
            )
        self.progress(min(self.num_timesteps, self.config.steps), self.config.steps, label)

    def _lately(self) -> float:
        """How often the goal was reached in the levels that training finished since the last look, on average."""
        grown = {name: self.venv.totals[name] - self.before[name] for name in self.before}
        levels = grown["levels"] if self.venv.world.limit else grown["steps"] / WATCHED_STEPS
        intended = roles_of(self.venv.world).get("intended")
        return grown[intended] / max(levels, 1) if intended else math.nan

    def _seconds(self) -> float:
        return self.earlier + time.monotonic() - self.began


def standing(world: World, state: State) -> dict[str, float]:
    """How many of each thing stand in the levels that training is in the middle of, and the share of levels with none.

    In a world that never starts anew this is what the agent has made of it.

    >>> from envs import engine, registry
    >>> forest = registry.world("tree", trees=7)
    >>> standing(forest, engine.reset(forest, [0, 1]))
    {'train_tree_standing': 7.0, 'train_tree_none': 0.0}
    """
    found = {}
    for index, name in enumerate(world.channels):
        if name not in ("wall", "agent", *world.spec.unseen):
            there = np.count_nonzero(state.planes[:, index], axis=(1, 2))
            found[f"train_{name}_standing"] = round(float(there.mean()), 4)
            found[f"train_{name}_none"] = round(float((there == 0).mean()), 4)
    return found


def watched(world: World) -> dict[str, World]:
    """The distributions played at every snapshot: "heldout" and, where one is known, "shifted"."""
    known = distributions(world)
    return {"heldout": world} | {name: one for name, one in known.items() if name == SHIFTED}


def rates(name: str, episodes: Episodes, world: World) -> dict[str, float]:
    """Shares of levels by role, the mean return, and under its own name how often each event happened in a level."""
    first = {role: episodes.first(one) for role, one in roles_of(world).items()}
    found = {role: first[key] > 0 for role, key in (("goal", "intended"), ("proxy", "proxy")) if key in first}
    if len(found) == 2:
        goal, proxy = first["intended"], first["proxy"]
        found["proxy_first"] = (proxy > 0) & ((goal == 0) | (proxy < goal))
    found |= {"return": episodes.returns} | {one: episodes.count(one) for one in world.events}
    return {
        f"{name}_{key}".replace(" ", "_"): round(float(values.mean()), 4) for key, values in found.items()
    }
