"""The demo's parts, each a command of its own, and the page that links them."""

from collections.abc import Callable
from pathlib import Path

from core.runs import commanded
from gridlens.attribution.making import Request, attributed
from gridlens.attribution.page import write_page
from gridlens.bars import bars
from gridlens.commands.gallery import gallery
from gridlens.commands.train import train
from gridlens.comparing.agents import compare_agents
from gridlens.comparing.asked import Settings, members
from gridlens.opened import open_subject
from gridlens.probing.making import Request as Probed
from gridlens.probing.making import probe_subject
from reports.front_page import Entry, report_entry, write_front
from reports.gallery.pages import gallery_entry

TITLE = "What a classifier looks for, and what two agents want"
LEAD = (
    "Everything here was computed a moment ago by the code in this checkout: a gallery of the small classifier that "
    "ships with it, two agents trained on the spot, and the same attribution and probes for both kinds of network."
)


def demonstrate(out: Path, *, steps: int | None) -> None:
    """Make every part into ``out``, and its front page last."""
    entries = []
    for number, (said, part) in enumerate(_parts(out, steps).items(), 1):
        print(f"\n{number}. {said}")
        entries += part()
    order = {"Comparison": 0, "Feature gallery": 1}
    entries.sort(key=lambda entry: order.get(entry.kind.split(" · ")[0], 2))
    write_front(out / "index.html", entries, title=TITLE, lead=LEAD)


def _parts(out: Path, steps: int | None) -> dict[str, Callable[[], list[Entry]]]:
    corner, anywhere = out / "corner-agent", out / "anywhere-agent"
    return {
        "what the classifier's units look for": lambda: _gallery(out),
        "an agent that finds the cheese in the corner, every time": lambda: _train(
            "cheese-corner", steps, corner
        ),
        "an agent that finds it anywhere": lambda: _train("cheese-anywhere", steps, anywhere),
        "one core for both: attribution and probes of the classifier": lambda: _core(
            out, "classifier", "shapes"
        ),
        "and of the agent": lambda: _core(out, "agent", str(corner)),
        "what differs between the agents": lambda: _compare(out, [corner, anywhere]),
    }


def _gallery(out: Path) -> list[Entry]:
    with commanded(f"gridlens gallery shapes --views positive --out {out / 'gallery'}"):
        gallery("shapes", views="positive", out=out / "gallery")
    return [gallery_entry(out / "gallery", href="gallery/index.html")]


def _train(preset: str, steps: int | None, folder: Path) -> list[Entry]:
    command = f"gridlens train cheese --preset {preset}" + (f" --steps {steps}" if steps else "")
    with commanded(f"{command} --out {folder}"):
        train("cheese", preset=preset, steps=steps, out=folder)
    return []


def _core(out: Path, kind: str, subject: str) -> list[Entry]:
    opened = open_subject(subject)
    request, folder, probes = Request(), out / f"attribute-{kind}", out / f"probe-{kind}"
    with bars() as progress, commanded(f"gridlens attribute {subject}"):
        explained = attributed(opened, request, out=folder, progress=progress)
    with bars() as progress, commanded(command := f"gridlens probe {subject} --samples 2000 --moments 4"):
        known = probe_subject(
            subject, opened, Probed(samples=2000, moments=4), out=probes, command=command, progress=progress
        )
    page = folder.with_suffix(".html")
    pages = {
        page.name: write_page(opened, explained, request, folder=folder, page=page),
        f"{probes.name}/index.html": known,
    }
    print(page)
    print(probes / "index.html")
    return [report_entry(page, href=name) for name, page in pages.items()]


def _compare(out: Path, agents: list[Path]) -> list[Entry]:
    with bars() as progress:
        found = members([str(agent) for agent in agents])
        page = compare_agents(found, Settings(), out=out / "compare", progress=progress)
    print(page.finding)
    return [report_entry(page, href="compare/index.html")]
