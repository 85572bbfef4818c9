"""The example notebook, run by a kernel as a reader would run it."""

import json
from pathlib import Path

import pytest

from webdata_assets.store import Store
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.interfaces.stored import ADMITTED, ROWS

NOTEBOOK = REPOSITORY / "docs" / "examples" / "reading.ipynb"


def test_the_notebook_runs_and_reads_admitted_rows_with_each_tool(store: Store, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat, of the extra dev")
    nbclient = pytest.importorskip("nbclient", reason="needs nbclient, of the extra dev")
    pytest.importorskip("ipykernel", reason="needs ipykernel, of the extra dev")
    manager = pytest.importorskip("jupyter_client.manager")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    # sockets in a folder, and no ports
    kernel = manager.AsyncKernelManager(kernel_name="python3", transport="ipc")
    where = {"metadata": {"path": tmp_path}}
    nbclient.NotebookClient(notebook, km=kernel, timeout=300, resources=where).execute()
    told = {cell["id"]: cell["outputs"] for cell in notebook.cells if cell.get("outputs")}
    said = {name: outputs[-1]["data"]["text/plain"] for name, outputs in told.items()}
    assert said["polars-partition"] == str(2 * ROWS)
    assert said["arrow-batches"] == str(ROWS * len(ADMITTED))
    assert said["duckdb-join"] == "[('demo_blog', 3, 5.0), ('demo_shop', 6, 5.0)]"
    assert '"product"' in said["arrow-table"]
    assert said["polars-groups"].startswith("shape: (2, 4)")
    assert "price" in said["polars-filter"] and "price" in said["pandas-frame"]


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    kept = [cell for cell in cells if cell["cell_type"] == "code"]
    assert kept and not any(cell["outputs"] or cell["execution_count"] for cell in kept)
