"""Any OpenAI-compatible endpoint for embeddings, through OpenAI's own client.

What belongs here: batches, pace, and what was used. What does not: tokens (byte_pairs.py), and what an answer
must be (endpoint_answers.py). Retries, with `Retry-After`, are the client's.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from webdata_assets.errors import WebdataError
from webdata_assets.stages.embed.encoder import OnProgress, Usage, Vectors
from webdata_assets.stages.embed.encoders.byte_pairs import byte_pair_offsets
from webdata_assets.stages.embed.encoders.endpoint_answers import broken, read_answer, typed_error
from webdata_assets.stages.embed.encoders.local import (
    import_extra,
    limited_tokens,
    model_id,
    refusal,
    unit_rows,
)

DEFAULT_TOKENS = 512
"""Read of a text at most, where nothing is set: an endpoint does not tell what its model reads."""
BATCH_TEXTS = 128
BATCH_TOKENS = 32_768
"""Of one request: an eighth of what OpenAI takes, so that a request that fails costs little."""
REQUESTS_AT_ONCE = 4
REQUEST_SECONDS = 60.0
RETRIES = 5
"""Of a request: after connection errors, timeouts, 408, 409, 429 and 5xx, as the client does them."""

_TOO_LARGE = 413
_PRICED_TOKENS = 1_000_000


def endpoint_id(model: str, url: str, max_tokens: int = 0) -> str:
    """Return the id of an endpoint's vectors: its host stands where weights cannot be hashed.

    Raises:
        PermanentError: the URL is none, or carries a secret.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise refusal(
            "WEBDATA_ENCODER_URL is http(s)://host/path, without user, password and query; such as "
            "https://api.openai.com/v1"
        )
    return model_id(model, parts.netloc, "float", "endpoint", _tokens(max_tokens))


class EndpointEncoder:
    """A model behind `POST {url}/embeddings`."""

    def __init__(
        self,
        model: str,
        url: str,
        *,
        key: str = "",
        max_tokens: int = 0,
        requests_per_minute: int = 600,
        price: float = 0.0,
        timeout_seconds: float = REQUEST_SECONDS,
        retries: int = RETRIES,
    ) -> None:
        """Prepare the client; nothing is asked yet.

        Args:
            model: its name at the endpoint.
            url: the endpoint's base, such as `https://api.openai.com/v1`.
            key: sent as bearer token; an endpoint of one's own may need none.
            max_tokens: read of a text at most, in byte pairs of `o200k_base`; 512 if 0.
            requests_per_minute: at most, retries included.
            price: of a million tokens.
            timeout_seconds: of one request.
            retries: of one request.

        Raises:
            PermanentError: URL or key cannot be used, or the extra `openai` is missing.
        """
        self.model_id = endpoint_id(model, url, max_tokens)
        self.max_tokens = _tokens(max_tokens)
        self.splits_at_space = False
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise refusal("WEBDATA_ENCODER_KEY holds characters that no key has, such as spaces; set it anew")
        library = import_extra("openai", "openai")
        self._library: Any = library
        self._model, self._key, self._price = model, key, price
        self._host = urlsplit(url).netloc
        pace = _Pace(requests_per_minute)
        self._client: Any = library.OpenAI(
            api_key=key or "none",
            base_url=url,
            timeout=timeout_seconds,
            max_retries=retries,
            http_client=library.DefaultHttpxClient(event_hooks={"request": [pace.wait]}),
        )
        self._dimensions: int | None = None
        self._lock = threading.Lock()
        self._usage = Usage()

    @property
    def dimensions(self) -> int:
        """Length of a vector. Asks the endpoint for one vector where none was asked for yet."""
        if self._dimensions is None:
            self.encode(["dimensions"])
        assert self._dimensions is not None
        return self._dimensions

    def encode(self, texts: Sequence[str], on_progress: OnProgress | None = None) -> Vectors:
        """Return one unit vector per text, as float32 rows in the order of the texts.

        Raises:
            TransientError: the endpoint was not to be reached, or was overloaded, after all retries.
            PermanentError: it refused key, model or texts, or its answer is not what it should be.
        """
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        offsets = self.token_offsets_batch(texts)
        cut = [self._cut(text, tokens) for text, tokens in zip(texts, offsets, strict=True)]
        lengths = [min(len(tokens), self.max_tokens) for tokens in offsets]
        batches = list(_batches(lengths))
        vectors: Vectors | None = None
        done = 0
        with ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="embed") as pool:
            answers = pool.map(lambda batch: self._ask([cut[index] for index in batch]), batches)
            for batch, found in zip(batches, answers, strict=True):
                if vectors is None:
                    vectors = np.empty((len(texts), found.shape[1]), dtype=np.float32)
                vectors[batch] = found
                done += len(batch)
                if on_progress is not None:
                    on_progress(done, len(texts))
        assert vectors is not None
        return vectors

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of queries: the protocol knows no difference."""
        return self.encode(texts)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return start and end, in characters of `text`, of each of its byte pairs."""
        return byte_pair_offsets(text)

    def token_offsets_batch(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Return `token_offsets` of each text."""
        return [byte_pair_offsets(text) for text in texts]

    def usage(self) -> Usage:
        """Return the texts sent, the tokens as the endpoint counted them, and what they cost."""
        return self._usage

    def _cut(self, text: str, tokens: list[tuple[int, int]]) -> str:
        return text if len(tokens) <= self.max_tokens else text[: tokens[self.max_tokens - 1][1]]

    def _ask(self, texts: list[str]) -> Vectors:
        """Return the vectors of one request; of two halves where the endpoint finds it too large."""
        error: WebdataError
        try:
            answer = self._client.embeddings.with_raw_response.create(
                model=self._model, input=texts, encoding_format="float"
            )
        except self._library.APIError as failed:
            if getattr(failed, "status_code", None) == _TOO_LARGE and len(texts) > 1:
                half = len(texts) // 2
                return np.concatenate([self._ask(texts[:half]), self._ask(texts[half:])])
            error = typed_error(failed, self._host, self._key)
        else:
            vectors, tokens = read_answer(answer.http_response.content, len(texts), self._host)
            self._count(vectors, tokens)
            return unit_rows(vectors)
        # raised outside of the handler: the client's error, which may echo the key, must not be its context
        raise error

    def _count(self, vectors: Vectors, tokens: int) -> None:
        with self._lock:
            self._dimensions = self._dimensions or vectors.shape[1]
            if vectors.shape[1] != self._dimensions:
                raise broken(
                    self._host, f"embeddings of {vectors.shape[1]} dimensions, {self._dimensions} before"
                )
            tokens += self._usage.tokens
            cost = tokens * self._price / _PRICED_TOKENS
            self._usage = Usage(self._usage.texts + len(vectors), tokens, cost)


class _Pace:
    """So many requests a minute at most, evenly spaced, over all threads."""

    def __init__(self, requests_per_minute: int) -> None:
        self._gap = 60 / requests_per_minute
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, _request: Any) -> None:
        """Wait until the next request may leave."""
        with self._lock:
            turn = max(time.monotonic(), self._next)
            self._next = turn + self._gap
        time.sleep(max(0.0, turn - time.monotonic()))


def _tokens(max_tokens: int) -> int:
    return limited_tokens(max_tokens, max(max_tokens, DEFAULT_TOKENS)) if max_tokens else DEFAULT_TOKENS


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the positions of texts of about one length that share a request."""
    batch: list[int] = []
    tokens = 0
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if batch and (len(batch) == BATCH_TEXTS or tokens + lengths[index] > BATCH_TOKENS):
            yield batch
            batch, tokens = [], 0
        batch.append(index)
        tokens += lengths[index]
    if batch:
        yield batch
