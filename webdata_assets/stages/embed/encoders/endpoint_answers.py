"""Answers of an endpoint for embeddings: the good ones checked, the bad ones as typed errors without the key.

What belongs here: reading. What does not: asking (openai.py). The protocol is that of
https://platform.openai.com/docs/api-reference/embeddings.
"""

from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError

from webdata_assets.errors import FailureDomain, PermanentError, TransientError, WebdataError
from webdata_assets.stages.embed.encoder import Vectors

_REFUSED_KEY = frozenset({401, 403})
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500
_RETRIED = frozenset({408, 409, _TOO_MANY_REQUESTS})
"""With 5xx, what the client tries again."""
_SHOWN_CHARACTERS = 300


class _Embedding(BaseModel):
    index: int
    embedding: list[float]


class _Used(BaseModel):
    prompt_tokens: int = 0
    total_tokens: int = 0


class _Answer(BaseModel):
    """What is read of an answer; some endpoints leave `usage` out."""

    data: list[_Embedding]
    usage: _Used = _Used()


def read_answer(content: bytes, texts: int, host: str) -> tuple[Vectors, int]:
    """Return the vectors in the order of the texts, and the tokens that the endpoint counted.

    Raises:
        TransientError: the answer is none of this protocol, such as a gateway's page.
        PermanentError: it is one, but its vectors do not fit the texts or cannot be used.
    """
    try:
        answer = _Answer.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise TransientError(
            f"{host} did not answer with embeddings: {place}: {first['msg']}",
            failure_domain=FailureDomain.TARGET,
        ) from None
    if sorted(each.index for each in answer.data) != list(range(texts)):
        raise broken(host, f"{len(answer.data)} embeddings for {texts} texts, or with indices of others")
    rows = [each.embedding for each in sorted(answer.data, key=lambda each: each.index)]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) != 1:
        raise broken(host, f"embeddings of {lengths} dimensions")
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        vectors = np.array(rows, dtype=np.float32)
    if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
        raise broken(host, "embeddings that are not finite, or zero")
    return vectors, answer.usage.total_tokens or answer.usage.prompt_tokens


def broken(host: str, what: str) -> PermanentError:
    """Return the error for an endpoint that does not keep to its protocol."""
    return PermanentError(f"{host} answered with {what}", failure_domain=FailureDomain.TARGET)


def typed_error(error: Any, host: str, key: str) -> WebdataError:
    """Return the error of this project for one of the client's, without the key, which servers may echo.

    Args:
        error: an `openai.APIError`.
        host: named in the message.
        key: taken out of the message.
    """
    status = getattr(error, "status_code", None)
    said = f"{host}: {str(error).replace(key, '***') if key else error}"[:_SHOWN_CHARACTERS]
    if status is None:
        return TransientError(said, failure_domain=FailureDomain.TARGET)
    if status == _TOO_MANY_REQUESTS and error.code == "insufficient_quota":
        return PermanentError(
            f"{said}; the account behind WEBDATA_ENCODER_KEY has no means left",
            failure_domain=FailureDomain.ACCESS,
        )
    if status in _RETRIED or status >= _SERVER_ERROR:
        after = error.response.headers.get("retry-after", "")
        return TransientError(
            said,
            failure_domain=FailureDomain.TARGET,
            retry_after_seconds=float(after) if after.isdecimal() else None,
        )
    if status in _REFUSED_KEY:
        return PermanentError(f"{said}; check WEBDATA_ENCODER_KEY", failure_domain=FailureDomain.ACCESS)
    return PermanentError(
        f"{said}; check WEBDATA_ENCODER_URL, WEBDATA_ENCODER_MODEL and WEBDATA_ENCODER_MAX_TOKENS",
        failure_domain=FailureDomain.CONFIGURATION,
    )
