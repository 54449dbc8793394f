"""docs/reproductions.md: the table of claims, and for each reproduction its picture, rules and departures."""

from collections.abc import Sequence
from pathlib import Path

from core.artifacts import write_bytes, write_text
from reports.reproductions import amount, drawing
from rl.reproductions.catalogue import REPRODUCTIONS
from rl.reproductions.claims import Claim
from rl.reproductions.reproducing import Reproduced

PICTURES = Path("pictures") / "reproductions"

CITED = {
    "shah2022": "Shah et al. 2022",
    "langosco2022": "Langosco et al. 2022",
    "ramanauskas2023": "Ramanauskas & Şimşek 2023",
    "nabeshima2021": "Nabeshima 2021 (mesa)",
    "nanda2022": "Nanda 2022, 8.19",
}
"""Key of REFERENCES.bib to how it is named in a table."""

HEADER = (
    "claim",
    "paper",
    "published",
    "what was measured",
    "ours [95 %]",
    "agents x levels",
    "same direction",
    "command",
)

INTRODUCTION = """\
Published goal misgeneralisation, trained again in Gridlens' worlds. This page is written by `gridlens reproduce`, which
trains what is not trained yet, evaluates it, judges, and draws; `gridlens reproduce NAME` does one of them.

- **Ours** is measured on held-out levels, with a 95 % interval over independently trained agents: Student's t for
  means, Welch's for differences, the bootstrap over agents for the rest. All agents of a table play the same levels.
- **Same direction** is decided by a rule that stands below each table: yes, no, or unclear where the interval reaches
  over the mark. {count} claims are judged, each by itself; a yes by mere chance is to be expected once in forty.
  The rules were written knowing the first agents that are told of in [the worlds' pages](worlds/README.md); those of
  Monster, Tree and colour or shape also with some of the agents below at hand.
- **Published** numbers are given where we know them. The worlds are not the originals, so that none can be expected to
  come out alike; what is compared is the direction.
"""


def write_page(results: Sequence[Reproduced], path: Path) -> list[Path]:
    """Write the page and its pictures beside it; returns what was written."""
    written = [path]
    for result in results:
        picture = path.parent / PICTURES / f"{result.name}.png"
        title = REPRODUCTIONS[result.name].title
        write_bytes(picture, small(drawing(result.picture, title=title).png))
        written.append(picture)
    write_text(path, page(results))
    return written


def page(results: Sequence[Reproduced]) -> str:
    """The page as markdown, without writing anything."""
    claims = [claim for result in results for claim in result.claims]
    verdicts = [claim.same_direction for claim in claims]
    counted = ", ".join(f"{verdicts.count(one)} {one}" for one in ("yes", "no", "unclear") if one in verdicts)
    missing = [name for name in REPRODUCTIONS if name not in {result.name for result in results}]
    parts = [
        "# Reproductions",
        INTRODUCTION.format(count=len(claims)),
        f"Same direction: {counted}." if claims else "",
        "".join(f"Not run yet: `gridlens reproduce {name}`.\n" for name in missing),
        *(section(result) for result in results),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def section(result: Reproduced) -> str:
    """One reproduction: question, picture, table, rules, departures."""
    one = REPRODUCTIONS[result.name]
    alt = drawing(result.picture, title=one.title).alt
    rows = [_row(claim, result.name, number) for number, claim in enumerate(result.claims, 1)]
    table = ["| " + " | ".join(("", *HEADER)) + " |", "|--:" + "|---" * len(HEADER) + "|", *rows]
    rules = [f"{number}. {claim.rule.words}" for number, claim in enumerate(result.claims, 1)]
    parts = [
        f"## {one.title}",
        one.question,
        f"![{alt}]({(PICTURES / result.name).as_posix()}.png)",
        result.picture.caption,
        "\n".join(table),
        "When the direction is the same:\n\n" + "\n".join(rules),
        "Departures from the original:\n\n" + _list(one.departures),
        "What was tried:\n\n" + _list(one.tried) if one.tried else "",
        "Agents that failed and are not counted:\n\n" + _list(result.failures) if result.failures else "",
    ]
    return "\n\n".join(part for part in parts if part)


def small(png: bytes) -> bytes:
    """The same picture in a palette of 128 colours: half the bytes."""
    import io

    from PIL import Image

    packed = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(
        128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(packed, "png", optimize=True)
    return packed.getvalue()


def _row(claim: Claim, name: str, number: int) -> str:
    cells = (
        str(number),
        claim.text,
        ", ".join(CITED.get(key, key) for key in claim.papers),
        claim.published,
        claim.measure,
        amount(claim.ours, claim.share),
        f"{claim.agents} x {claim.levels:,}",
        f"**{claim.same_direction}**",
        f"`gridlens reproduce {name}`",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
