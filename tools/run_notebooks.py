"""Runs every notebook of a folder from top to bottom, each in a fresh process; a cell that raises fails the run."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def script_of(notebook: Path) -> str:
    """The code cells as one script. A bare last expression is shown, as a notebook does."""
    parts = []
    for index, cell in enumerate(json.loads(notebook.read_text())["cells"]):
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        tree = ast.parse(source, filename=f"{notebook.name}: cell {index}")
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            value = tree.body[-1].value
            tree.body[-1] = ast.copy_location(
                ast.Expr(ast.Call(ast.Name("print", ast.Load()), [value], [])), tree.body[-1]
            )
        parts.append(f"# cell {index}\n" + ast.unparse(ast.fix_missing_locations(tree)))
    return "\n".join(parts)


def main() -> int:
    """Run the notebooks below the folder given; 1 when one fails."""
    failed = 0
    for notebook in sorted(Path(sys.argv[1] if len(sys.argv) > 1 else "examples").glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / f"{notebook.stem}.py"
            script.write_text(script_of(notebook))
            result = subprocess.run([sys.executable, str(script)], cwd=folder, capture_output=True, text=True)
        print(f"{notebook.name}: {'ran' if result.returncode == 0 else 'FAILED'}")
        if result.returncode:
            print(result.stdout[-2000:], result.stderr[-4000:])
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
