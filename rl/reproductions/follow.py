"""Follow [shah2022]: trained behind an expert, agents follow an anti-expert too; upside down they get stuck."""

from numpy.typing import NDArray

from rl.players import AGENT, FLIPPED, RANDOM
from rl.reproductions.claims import Claim, above, below, within
from rl.reproductions.evidence import Evidence, estimates
from rl.reproductions.plots import Picture, Strip, Strips
from rl.reproductions.seeds import difference, mean_over

PAPERS = ("shah2022",)


def claims(known: Evidence) -> list[Claim]:
    """Cultural transmission: following at a loss, and the control that tells goal from capability."""

    def each(measure: str, where: str, player: str = AGENT) -> NDArray:
        return estimates(known.records, measure, where=where, player=player)

    behind = each("performance", "shifted")
    chance = float(each("performance", "shifted", RANDOM)[0])
    stuck = each("performance", "shifted", FLIPPED)
    kept = each("proxies", "shifted") / each("proxies", "training")
    count, levels = str(len(behind)), known.levels
    return [
        Claim(
            PAPERS,
            "behind an anti-expert agents collect negative reward and do worse than random",
            "performance a level behind an anti-expert",
            mean_over(behind),
            below(min(chance, 0.0), "a random walk, or nothing at all"),
            count,
            levels,
        ),
        Claim(
            PAPERS,
            "because they keep following",
            "entries into the beacon the partner entered last, behind an anti-expert over behind an expert",
            mean_over(kept),
            above(0.5, "half as much following"),
            count,
            levels,
            share=True,
        ),
        Claim(
            PAPERS,
            "seeing the world upside down, where they can do nothing, they get stuck instead",
            "performance a level behind an anti-expert, upside down",
            mean_over(stuck),
            within(-1, 1, "one entry more or less"),
            count,
            levels,
        ),
        Claim(
            PAPERS,
            "so what fails is the goal, not the capability",
            "performance a level behind an anti-expert, upside down less as trained",
            difference(stuck, behind),
            above(0, "no difference"),
            count,
            levels,
        ),
    ]


def picture(known: Evidence) -> Picture:
    """Performance by partner, as trained and upside down."""
    strips = [
        Strip(f"{partner}{said}", tuple(values), mean_over(values))
        for where, partner in (("training", "expert"), ("shifted", "anti-expert"), ("alone", "no partner"))
        for player, said in ((AGENT, ""), (FLIPPED, ", flipped"))
        for values in [estimates(known.records, "performance", where=where, player=player)]
    ]
    marks = [(0.0, "")]
    return Picture(
        "Performance a level: right entries less wrong ones; a dot an agent, the bar the mean over seeds with its "
        "95 % interval. Flipped: the agent sees its world upside down.",
        [Strips("Behind whom", "performance a level", strips, marks)],
    )
