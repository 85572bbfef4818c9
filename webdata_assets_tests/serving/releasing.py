"""Releases of made-up content, each of which tells its own from any other.

What belongs here: writing index, model and release as a deployment's assets do. What does not: assertions.
"""

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from webdata_assets.schemas.release import RELEASE
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.embed.encoders.convert import Architecture, build_graph
from webdata_assets.stages.embed.encoders.onnx_folder import open_folder
from webdata_assets.stages.index.engines import open_index
from webdata_assets.stages.index.index import ChunkIndex
from webdata_assets.stages.learn.classifier import Classifier
from webdata_assets.stages.learn.inputs import Inputs
from webdata_assets.store import Store
from webdata_assets.store.store import data_version
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.embed.tiny import HIDDEN, MAX_TOKENS, tiny_tensors, tiny_tokenizer
from webdata_assets_tests.index.searching import Passage, rows_of


def write_encoder(folder: Path, name: str = "tiny") -> Path:
    """Write a whole encoder of random weights; another name makes another model id."""
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(build_graph(tiny_tensors(), Architecture()).SerializeToString())
    (folder / "tokenizer.json").write_bytes(tiny_tokenizer())
    config = {"max_position_embeddings": MAX_TOKENS, "_name_or_path": name}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@dataclass
class Releasing:
    """One deployment in a folder."""

    folder: Path
    encoder_folder: Path
    index_url: str = ""
    """`postgresql://…`; LanceDB in the store if empty."""
    _index: ChunkIndex | None = field(default=None, repr=False)
    _encoder: TextEncoder | None = field(default=None, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this deployment is told."""
        return {
            "WEBDATA_STORE": str(self.folder / "store"),
            "WEBDATA_HOME": str(self.folder / "home"),
            "WEBDATA_ENCODER": "onnx",
            "WEBDATA_ENCODER_MODEL": str(self.encoder_folder),
            "WEBDATA_INDEX": self.index_url,
            "WEBDATA_SERVE_POLL_SECONDS": "0.2",
        }

    @property
    def settings(self) -> Settings:
        names = {name.removeprefix("WEBDATA_").lower(): value for name, value in self.environment.items()}
        return Settings(**names)  # type: ignore[arg-type]

    @property
    def store(self) -> Store:
        return Store.open(self.settings.store)

    @property
    def encoder(self) -> TextEncoder:
        self._encoder = self._encoder or open_folder(self.encoder_folder)
        return self._encoder

    @property
    def index(self) -> ChunkIndex:
        self._index = self._index or open_index(self.index_url or self.store.location.index())
        return self._index

    def release(
        self, number: int, *, model_version: str | None = None, chunks: int = 20, passed: bool = True
    ) -> None:
        """Write an index whose every chunk names the release, and a row for it; judge it by its checks."""
        words = [f"release{number} kettle number{chunk} boils water" for chunk in range(chunks)]
        passages = [Passage(chunk + 1, text, source=f"shop{chunk % 2}") for chunk, text in enumerate(words)]
        self.index.sync(rows_of(passages, self.encoder))
        self.index.name(snapshot_name(number))
        self.append(number, model_version=model_version, chunks=chunks, passed=passed)

    def train(self, number: int) -> str:
        """Write a model whose labels name the release, and return its version."""
        weights = np.random.default_rng(number).normal(size=(2, HIDDEN)).astype(np.float32)
        nothing = np.empty(0, dtype=np.float32)
        classifier = Classifier(
            classes=(f"release{number}-a", f"release{number}-b"),
            model_id=self.encoder.model_id,
            inputs=Inputs(np.empty(0, dtype=np.int32), (), nothing, nothing, HIDDEN),
            weights=weights,
            bias=np.zeros(2, dtype=np.float32),
        )
        version = classifier.artefact_hash[:16]
        classifier.save(self.store.location.model(version))
        return version

    def append(
        self, number: int, *, model_version: str | None = None, chunks: int = 20, passed: bool = True
    ) -> None:
        """Write a release's row alone, and judge it."""
        store = self.store
        row = {
            "release": number,
            "index_snapshot": snapshot_name(number),
            "encoder": self.encoder.model_id,
            "chunks": chunks,
            "model_version": model_version,
            "reason": "a test",
            "run_id": "run",
            "released_at": dt.datetime.now(dt.UTC),
        }
        rows = pl.concat([store.tables.read(RELEASE), pl.DataFrame([row], schema=RELEASE.polars_schema)])
        version = data_version(RELEASE, rows)
        store.ledger.begin_write(
            RELEASE, None, data_version=version, code_version=None, rows=rows.height, extracted=None,
            run_id="run",
        )  # fmt: skip
        store.tables.overwrite(RELEASE, rows, partition=None, run_id="run", data_version=version)
        if passed:
            self.judge()

    def judge(self) -> None:
        """Let every check of the newest row pass."""
        verdicts = [Verdict(check, passed=True) for check in RELEASE.blocking_checks]
        self.store.ledger.record(RELEASE, None, verdicts, run_id="run")


def snapshot_name(number: int) -> str:
    """Return the name of the index's state in a release."""
    return f"{number:016x}"
