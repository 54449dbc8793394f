"""``gridlens worlds``: which worlds there are, and what each can be set to."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from envs.spec import WorldSpec


def worlds(
    world: Annotated[
        str | None, typer.Argument(help="Tell all of this one: a name, or a file (.py).")
    ] = None,
) -> None:
    """List the worlds; of one by name, its dials, actions, events, channels, policies, and the shifts of its agents."""
    from envs.registry import WORLDS, spec_of

    if world is None:
        for name, spec in WORLDS.items():
            print(f"{name:14} {spec.summary}")
        print("\nDials, events and policies of one: gridlens worlds NAME")
    else:
        _tell(spec_of(world))


def _tell(spec: "WorldSpec") -> None:
    from gridlens.tables import show
    from rl.goals import GOALS

    print(spec.name, spec.summary, sep="\n")
    show(
        [
            {"dial": name, "default": _default(spec, name), "values": _values(spec, name)}
            for name in _dials(spec)
        ]
    )
    show(
        [
            {
                "event": e.name,
                "reward": f"{e.reward:g}",
                "hidden performance": f"{e.performance:g}",
                "role": e.role,
            }
            for e in spec.events
        ]
    )
    print("actions ", ", ".join(spec.actions))
    print("channels", ", ".join(spec.channels))
    print("policies", ", ".join([*spec.policies, "random"]))
    for name, dials in GOALS[spec.name].shifts.items() if spec.name in GOALS else ():
        print(f"{name:8}", ", ".join(f"{dial}={value}" for dial, value in dials.items()))


def _dials(spec: "WorldSpec") -> tuple[str, ...]:
    return tuple(spec.dials.__annotations__)


def _default(spec: "WorldSpec", name: str) -> str:
    value = getattr(spec.dials(), name)
    return spec.choices[name][value] if name in spec.choices else f"{value:g}"


def _values(spec: "WorldSpec", name: str) -> str:
    if name in spec.choices:
        return ", ".join(spec.choices[name])
    low, high = spec.bounds[name]
    return f"{low:g} to {high:g}"
