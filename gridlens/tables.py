"""Tables on the terminal."""

from collections.abc import Mapping, Sequence

WIDEST = 10_000
"""Characters: more than any table has."""


def show(rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows of one shape as a table; on a narrow terminal each row becomes a block of lines."""
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Table

    console, names = Console(), list(rows[0])
    table = Table(*names)
    for row in rows:
        table.add_row(*(row[name] for name in names))
    needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
    if needed > console.width and console.is_terminal:
        width = max(map(len, names))
        for row in rows:
            print("\n".join(f"{name:>{width}}  {row[name]}" for name in names), end="\n\n")
        return
    Console(width=max(console.width, needed)).print(table)
