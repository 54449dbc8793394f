"""Tables on the terminal."""

from collections.abc import Mapping, Sequence


def show(rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows of one shape as a table; on a narrow terminal each row becomes a block of lines."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    names = list(rows[0])
    if console.width < 18 * len(names) and console.is_terminal:
        for row in rows:
            print("\n".join(f"{name:>12}  {row[name]}" for name in names), end="\n\n")
        return
    table = Table(*names)
    for row in rows:
        table.add_row(*(row[name] for name in names))
    Console(width=max(console.width, 18 * len(names))).print(table)
