"""Any sentence-transformers model, by name or from a folder, on a GPU where there is one.

What belongs here: opening and running one. What does not: what its folder tells (folders.py). Weights are
taken as safetensors only. The way to a GPU is untested: none was at hand.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.stages.embed.encoder import OnProgress, Vectors
from webdata_assets.stages.embed.encoders.folders import (
    fingerprint,
    is_own,
    name_of,
    pooling_of,
    prompts_of,
    readable_tokens,
)
from webdata_assets.stages.embed.encoders.local import (
    LocalEncoder,
    import_extra,
    limited_tokens,
    model_id,
    refusal,
    unit_rows,
)

_EXTRA = "transformers"
_HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
_OTHER_BACKENDS = ("onnx/*", "openvino/*")
_BATCH_TEXTS = {"cuda": 256, "cpu": 32}


def transformer_id(model: str, precision: str, max_tokens: int = 0) -> str:
    """Return the id of the vectors of a model; it is fetched where this machine does not hold it.

    Raises:
        PermanentError: there is no such model, or its folder does not tell what must be known.
        TransientError: it must be fetched, and the hub cannot be reached.
    """
    folder = model_folder(model)
    weights = fingerprint(folder, _weights(folder))
    name = name_of(folder) if Path(model).is_dir() else model
    tokens = limited_tokens(max_tokens, readable_tokens(folder))
    return model_id(name, weights, _precision(precision), pooling_of(folder) or "graph", tokens)


def model_folder(model: str) -> Path:
    """Return the folder of a model: itself, the hub's cache on this machine, or that after fetching it."""
    if Path(model).is_dir():
        return Path(model)
    hub = import_extra("huggingface_hub", _EXTRA)
    errors = hub.errors
    wanted = {"allow_patterns": list(_HUB_FILES), "ignore_patterns": list(_OTHER_BACKENDS)}
    try:
        return Path(hub.snapshot_download(model, local_files_only=True, **wanted))
    except errors.HFValidationError as error:
        raise refusal(f"WEBDATA_ENCODER_MODEL={model} is neither a folder nor a model's name") from error
    except errors.LocalEntryNotFoundError:
        pass
    try:
        return Path(hub.snapshot_download(model, **wanted))
    except errors.RepositoryNotFoundError as error:
        raise refusal(
            f"WEBDATA_ENCODER_MODEL={model}: the hub knows no such model, or not for you"
        ) from error
    except (errors.LocalEntryNotFoundError, OSError) as error:
        raise TransientError(
            f"WEBDATA_ENCODER_MODEL={model} cannot be fetched from the hub now ({error}); without network, "
            "name a folder that holds it",
            failure_domain=FailureDomain.TARGET,
        ) from error


class TransformerEncoder(LocalEncoder):
    """A sentence-transformers model.

    Texts are encoded in batches of about one length; while one batch is on the device, the next one is
    tokenized. A vector depends in its last digits on what shares the batch, as everywhere in this library.
    """

    def __init__(
        self, model: str, precision: str = "auto", max_tokens: int = 0, device: str | None = None
    ) -> None:
        """Load a model.

        Args:
            model: its name on the hub, or a folder.
            precision: of weights and computation: `bf16`, or `fp32`, which `auto` is too.
            max_tokens: read of a text at most; all that the model reads if 0.
            device: `cuda` where there is such a one, else `cpu`, if None.

        Raises:
            PermanentError: as `transformer_id`; or the extra `transformers` is missing.
            TransientError: the model must be fetched, and the hub cannot be reached.
        """
        library = import_extra("sentence_transformers", _EXTRA)
        torch = import_extra("torch", _EXTRA)
        from tokenizers import Tokenizer

        folder = model_folder(model)
        self.model_id = transformer_id(model, precision, max_tokens)
        self._torch = torch
        self._device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model: Any = library.SentenceTransformer(
            str(folder), device=self._device, local_files_only=True, model_kwargs={"use_safetensors": True}
        )
        self._model.eval()
        # of the two names for the same, the one that is not deprecated
        self._tokenize = getattr(self._model, "preprocess", self._model.tokenize)
        if _precision(precision) == "bf16":
            self._model.bfloat16()
        readable = limited_tokens(max_tokens, readable_tokens(folder))
        self._model.max_seq_length = readable
        self._prompts = prompts_of(folder)
        self._whole = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        self._whole.no_padding()
        self._whole.no_truncation()
        prompt = self._whole.encode(self._prompts.document, add_special_tokens=False).ids
        self.max_tokens = readable - len(prompt)
        self.dimensions = self._encode(["a"], "", None).shape[1]

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts."""
        return self._encode(texts, self._prompts.document, on_progress)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per query, which is encoded with the model's prefix for queries."""
        return self._encode(texts, self._prompts.query, None)

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return start and end, in characters, of each token of each text, special ones left out."""
        encodings = self._whole.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.offsets for encoding in encodings]

    def _encode(self, texts: Sequence[str], prompt: str, on_progress: OnProgress | None) -> Vectors:
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        size = _BATCH_TEXTS.get(self._device, _BATCH_TEXTS["cpu"])
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        vectors: Vectors | None = None
        done = 0
        for batch, features in zip(batches, self._tokenized(texts, prompt, batches), strict=True):
            found = self._forward(features)
            if vectors is None:
                vectors = np.empty((len(texts), found.shape[1]), dtype=np.float32)
            vectors[batch] = found
            done += len(batch)
            if on_progress is not None:
                on_progress(done, len(texts))
        assert vectors is not None
        return unit_rows(vectors)

    def _tokenized(self, texts: Sequence[str], prompt: str, batches: list[list[int]]) -> Iterator[Any]:
        """Yield the batches' tensors, the next one in the making while one is worked on."""

        def tokenize(batch: list[int]) -> Any:
            return self._tokenize([prompt + texts[index] for index in batch])

        with ThreadPoolExecutor(1, thread_name_prefix="tokenize") as pool:
            coming = pool.submit(tokenize, batches[0])
            for following in [*batches[1:], None]:
                ready = coming.result()
                if following is not None:
                    coming = pool.submit(tokenize, following)
                yield ready

    def _forward(self, features: Any) -> Vectors:
        on_device = {
            name: value.to(self._device, non_blocking=True) if hasattr(value, "to") else value
            for name, value in features.items()
        }
        with self._torch.inference_mode():
            found: Vectors = self._model(on_device)["sentence_embedding"].float().cpu().numpy()
        return found


def _precision(precision: str) -> str:
    return "bf16" if precision == "bf16" else "fp32"


def _weights(folder: Path) -> list[Path]:
    found = [path for path in folder.rglob("*.safetensors") if is_own(folder, path)]
    if not found:
        raise refusal(f"{folder} holds no *.safetensors, and no other weights are loaded")
    return found
