"""Tables as people have them: a DataFrame, a dict of columns, a list of records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Table(NamedTuple):
    """The names of the columns and the cells of the rows, all of them text."""

    columns: list[str]
    rows: list[list[str]]

    def column(self, index: int) -> list[str]:
        """The cells of a column."""
        return [row[index] for row in self.rows]


def read_table(table: Any) -> Table:
    """A `pandas.DataFrame`, a dict (column name to cells), a list of dicts (a row each) or a `Table`.

    Raises:
        TypeError: it is none of these, or a cell or a name is no text.
        ValueError: columns of different lengths, rows with other names than the first.

    >>> read_table({"city": ["Oslo", "Rome"], "people": ["0.7", "2.8"]}).rows
    [['Oslo', '0.7'], ['Rome', '2.8']]
    >>> read_table([{"city": "Oslo", "people": "0.7"}]).columns
    ['city', 'people']
    """
    if isinstance(table, Table):
        return table
    if hasattr(table, "columns") and hasattr(table, "itertuples"):
        return _checked(list(table.columns), [list(row) for row in table.itertuples(index=False, name=None)])
    if isinstance(table, Mapping):
        columns = [list(cells.values()) if isinstance(cells, Mapping) else _cells(n, cells) for n, cells in table.items()]
        lengths = {len(cells) for cells in columns}
        if len(lengths) > 1:
            raise ValueError(f"table: its columns have {sorted(lengths)} cells. All arrays must be of the same length")
        return _checked(list(table), [list(row) for row in zip(*columns)])
    if isinstance(table, (list, tuple)) and all(isinstance(row, Mapping) for row in table):
        names = list(table[0]) if table else []
        for index, row in enumerate(table):
            if list(row) != names:
                raise ValueError(f"table: row {index} has the columns {list(row)}, the first row {names}")
        return _checked(names, [list(row.values()) for row in table])
    raise TypeError(
        f"table: found a {type(table).__name__}, needed a pandas.DataFrame, a dict of columns or a list of dicts"
    )


def _cells(name: Any, cells: Any) -> list:
    if isinstance(cells, (str, bytes)) or not hasattr(cells, "__iter__"):
        raise TypeError(f"table: column {name!r} is a {type(cells).__name__}, needed a list of its cells")
    return list(cells)


def _checked(columns: list, rows: list[list]) -> Table:
    for name in columns:
        if not isinstance(name, str):
            raise TypeError(f"table: found {name!r} as the name of a column, needed text")
    for index, row in enumerate(rows):
        for name, cell in zip(columns, row):
            if not isinstance(cell, str):
                raise TypeError(
                    f"table: row {index}, column {name!r} holds {cell!r}, a {type(cell).__name__}; needed text "
                    "(of a DataFrame: table.astype(str))"
                )
    return Table(columns, rows)
