"""A sentence encoder in ONNX Runtime, on this machine's cores.

What belongs here: tokens in, unit vectors out. What does not: where graph and tokenizer come from
(minilm.py, onnx_folder.py).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np

from webdata_assets.stages.embed.encoder import OnProgress, Vectors
from webdata_assets.stages.embed.encoders.local import LocalEncoder, available_cores, refusal, unit_rows

Pooling = Literal["mean", "cls"]

_BLOCK_TEXTS = 512
_SLOW_FUSION = "SkipLayerNormFusion"
"""Its kernel is several times slower than the two it replaces: a quarter of the time of a small model."""
_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
_TOKEN_RANK, _SENTENCE_RANK = 3, 2


class OnnxEncoder(LocalEncoder):
    """A sentence encoder in ONNX Runtime.

    Each text is encoded by itself, on one core: a dynamically quantized model's vectors depend on what
    shares the batch, and so would every hash built on them. Cores work on different texts, which is also
    faster than padded batches.
    """

    def __init__(
        self,
        model: bytes | Path,
        tokenizer: bytes,
        *,
        model_id: str,
        max_tokens: int,
        pooling: Pooling | None = None,
        document_prompt: str = "",
        query_prompt: str = "",
        threads: int | None = None,
    ) -> None:
        """Open a graph.

        Args:
            model: its bytes, or its file, beside which further files of weights may lie.
            tokenizer: a `tokenizer.json`.
            model_id: under which its vectors are kept.
            max_tokens: of a text with its prompt, special tokens included; more is cut.
            pooling: of token vectors; None where the graph returns a vector per text.
            document_prompt: put before each text.
            query_prompt: put before each query.
            threads: texts encoded at once; as many as there are cores if None.

        Raises:
            PermanentError: the graph takes or gives something else than a sentence encoder's.
        """
        import onnxruntime
        from tokenizers import Tokenizer
        from tokenizers.pre_tokenizers import BertPreTokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        source = str(model) if isinstance(model, Path) else model
        self._session: Any = onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOW_FUSION]
        )
        self._inputs = frozenset(each.name for each in self._session.get_inputs())
        self._output = _embedding_output(self._session, pooling)
        if not {"input_ids"} <= self._inputs <= _INPUTS:
            raise refusal(f"a graph with the inputs {', '.join(sorted(self._inputs))} is no sentence encoder")
        self._pooling = pooling
        self._prompts = document_prompt, query_prompt
        self._threads = threads or available_cores()
        self._whole = Tokenizer.from_buffer(tokenizer)
        self._whole.no_padding()
        self._whole.no_truncation()
        self.splits_at_space = isinstance(self._whole.pre_tokenizer, BertPreTokenizer)
        self._cut = Tokenizer.from_buffer(tokenizer)
        self._cut.no_padding()
        self._cut.enable_truncation(max_tokens)
        self.model_id = model_id
        prompt = self._whole.encode(document_prompt, add_special_tokens=False).ids
        self.max_tokens = max_tokens - len(prompt)
        self.dimensions = len(self._run(self._cut.encode("a").ids))

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts.

        Texts longer than `max_tokens` are cut. The same text gives the same vector, bit for bit, whatever
        is encoded beside it.
        """
        return self._encode(texts, self._prompts[0], on_progress)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector per query, which is encoded with the model's prefix for queries."""
        return self._encode(texts, self._prompts[1], None)

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return start and end, in characters, of each token of each text, special ones left out."""
        encodings = self._whole.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.offsets for encoding in encodings]

    def _encode(self, texts: Sequence[str], prompt: str, on_progress: OnProgress | None) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            for start in range(0, len(texts), _BLOCK_TEXTS):
                block = [prompt + text for text in texts[start : start + _BLOCK_TEXTS]]
                ids = [encoding.ids for encoding in self._cut.encode_batch_fast(block)]
                # longest first, so that no core is left with a long text at the end
                order = sorted(range(len(ids)), key=lambda index: -len(ids[index]))
                encoded = pool.map(lambda index: self._run(ids[index]), order)  # noqa: B023
                for done, (index, vector) in enumerate(zip(order, encoded, strict=True), start=start + 1):
                    vectors[start + index] = vector
                    if on_progress is not None:
                        on_progress(done, len(texts))
        return vectors

    def _run(self, ids: list[int]) -> Vectors:
        input_ids = np.array([ids], dtype=np.int64)
        feed = {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)}
        feed["token_type_ids"] = np.zeros_like(input_ids)
        feed = {name: values for name, values in feed.items() if name in self._inputs}
        output = self._session.run([self._output], feed)[0].astype(np.float32, copy=False)
        if output.ndim == _TOKEN_RANK:
            output = output[:, 0] if self._pooling == "cls" else output.mean(axis=1)
        vector: Vectors = unit_rows(output)[0]
        return vector


def _embedding_output(session: Any, pooling: Pooling | None) -> str:
    """Return the name of the output with a vector per text, else, where it can be pooled, per token.

    Exports of plain BERT also return `pooler_output`, a vector per text that is no sentence embedding.
    """
    ranks: dict[str, int] = {
        each.name: len(each.shape) for each in session.get_outputs() if "float" in each.type
    }
    per_text = [name for name, rank in ranks.items() if rank == _SENTENCE_RANK and "embedding" in name]
    per_token = [name for name, rank in ranks.items() if rank == _TOKEN_RANK] if pooling else []
    if not per_text and not per_token:
        raise refusal(
            f"a graph with the outputs {', '.join(ranks)} returns no sentence embedding; where it returns "
            "token vectors, add 1_Pooling/config.json that says how they become one"
        )
    return [*per_text, *per_token][0]
