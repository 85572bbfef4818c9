"""The promoted pair of index and model, opened: what searches and predictions of a deployment read.

What belongs here: opening exactly what a release names, and refusing what does not fit together. What does
not: which release counts (store/releases.py), ranking (stages/index/search.py), and HTTP (app.py).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.settings import Settings
from webdata_assets.stages.embed.encoder import TextEncoder
from webdata_assets.stages.index.index import ChunkFilter, Snapshot
from webdata_assets.stages.index.search import Hit, Mode, search
from webdata_assets.stages.learn.classifier import Classifier, Predictions
from webdata_assets.store import Store
from webdata_assets.store.releases import Release, current_release
from webdata_assets.tasks.loading import load_task
from webdata_assets.tasks.model import Task


@dataclass(frozen=True, eq=False)
class Pair:
    """One release, opened. It answers from what it names until it is dropped; threads may share it."""

    release: Release
    snapshot: Snapshot
    encoder: TextEncoder
    classifier: Classifier | None
    """None while no model was good enough."""
    task: Task

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        sources: Sequence[str] | None = None,
        languages: Sequence[str] | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
        mode: Mode = "hybrid",
        injection: bool = False,
        pii: bool = False,
    ) -> list[Hit]:
        """Return the records that answer a query best, the best first.

        Args:
            query: plain words; no character has a special meaning.
            limit: hits at most, at least 1.
            sources: names of sources; all if None.
            languages: languages of the text, as ISO 639-1; all if None.
            since: only chunks of this date or later.
            until: only chunks of this date or earlier.
            mode: by text, by vector, or both fused by rank.
            injection: whether records with text for language models may be found.
            pii: whether records with personal data may be found.

        Raises:
            PermanentError: the query is empty.
        """
        where = ChunkFilter(
            sources=None if sources is None else tuple(sources),
            languages=None if languages is None else tuple(languages),
            since=since,
            until=until,
            injection=injection,
            pii=pii,
        )
        return search(self.snapshot, self.encoder, query, limit=limit, where=where, mode=mode)

    def predict(self, items: Sequence[tuple[str | None, str]]) -> Predictions:
        """Return the label and the probabilities of texts, each given as title and text.

        Raises:
            PermanentError: the release has no model.
        """
        from webdata_assets.stages.learn.texts import predict_texts

        if self.classifier is None:
            raise PermanentError(
                f"Release {self.release.release} has no model: none was good enough so far",
                failure_domain=FailureDomain.MODEL,
            )
        return predict_texts(self.classifier, self.encoder, items)


def open_pair(
    store: Store, settings: Settings, release: Release | None = None, encoder: TextEncoder | None = None
) -> Pair:
    """Open index and model of a release, and check that they belong to each other.

    Args:
        store: where the release's parts lie.
        settings: which encoder turns queries into vectors, where the index is, and what the model learns.
        release: the one to open; the newest that its checks passed if None.
        encoder: used instead of loading the deployment's, which takes a second.

    Raises:
        NotAdmittedError: nothing was released yet.
        PermanentError: index, model and encoder do not fit together, or a part is missing or was changed.
    """
    release = release or current_release(store)
    encoder = encoder or deployed_encoder(settings)
    _check(release.encoder, encoder, f"the index of release {release.release} holds vectors")
    snapshot = store.index(settings.index).at(release.index_snapshot)
    _check(snapshot.model_id(), encoder, f"the index's state {release.index_snapshot} holds vectors")
    if snapshot.count() != release.chunks:
        raise PermanentError(
            f"the index's state {release.index_snapshot} holds {snapshot.count()} chunks, release "
            f"{release.release} was of {release.chunks}: it was changed since; run `webdata publish`",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    classifier = None
    if release.model_version is not None:
        classifier = Classifier.load(store.models.fetch(release.model_version), release.model_version)
        if classifier.inputs.dimensions:
            _check(classifier.model_id, encoder, f"model {release.model_version} was trained on vectors")
    return Pair(release, snapshot, encoder, classifier, load_task(settings.task))


def deployed_encoder(settings: Settings) -> TextEncoder:
    """Load the encoder that the settings name.

    Raises:
        PermanentError: the settings contradict each other, or a checksum does not match.
        TransientError: weights cannot be fetched now.
    """
    from webdata_assets.stages.embed.encoders.spec import EncoderSpec, load_encoder

    return load_encoder(EncoderSpec.of(settings))


def _check(model_id: str | None, encoder: TextEncoder, what: str) -> None:
    if model_id is not None and model_id != encoder.model_id:
        raise PermanentError(
            f"{what} of {model_id}, but this deployment encodes with {encoder.model_id}: set WEBDATA_ENCODER "
            "and its companions back and restart, or run `webdata publish --retrain` with this encoder",
            failure_domain=FailureDomain.CONFIGURATION,
        )
