"""The store of shared rates in Redis, for all machines of one deployment.

What belongs here: its scripts, and asking again after a restart of the server. What does not: what a store is
(rate_store.py), and waiting (rates.py).
"""

import time
from typing import TYPE_CHECKING, Any

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.politeness.rate_store import (
    MAX_AHEAD_SECONDS,
    PATIENCE_SECONDS,
    RateStoreError,
    label_of,
)

if TYPE_CHECKING:
    from redis.commands.core import Script

_SOCKET_SECONDS = 5
_RETRY_SECONDS = 0.25
_SETTLING_SECONDS = 1.0
"""After a start of the server no slot is given for that long: what it promised before is used up by then.

Who holds a slot that is further ahead asks before it uses it (rates.py), and reserves anew."""
_LIFE = "webdata:{rates}:life"
_KEPT_MS = int(2 * MAX_AHEAD_SECONDS * 1_000)

# The server's clock, its life, and a host's moments. A clock that was set back since a row was written takes
# the row's moments back with it. Numbers are written with six decimals: by default Lua keeps fourteen digits.
_PREAMBLE = f"""
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local function text(number) return string.format('%.6f', number) end
local function known(key, fields)
  local found = redis.call('HMGET', key, 'written_at', unpack(fields))
  local set_back = math.max(0, (tonumber(found[1]) or now) - now)
  local moments = {{}}
  for position = 1, #fields do
    local moment = tonumber(found[position + 1])
    moments[position] = moment and math.min(moment - set_back, now + {MAX_AHEAD_SECONDS})
  end
  return unpack(moments, 1, #fields)
end
local function write(key, ...)
  redis.call('HSET', key, 'written_at', text(now), ...)
  redis.call('PEXPIRE', key, {_KEPT_MS})
end
local function life(key)
  local id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  local found = redis.call('HMGET', key, 'id', 'since')
  local since = tonumber(found[2])
  if found[1] ~= id or since > now then
    since = now
    redis.call('HSET', key, 'id', id, 'since', text(now))
  end
  return since, id .. text(since)
end
"""
_RESERVE = """
local since, name = life(KEYS[2])
local spacing, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local last_slot, next_slot, not_before = known(KEYS[1], {'last_slot', 'next_slot', 'not_before'})
last_slot, next_slot, not_before = last_slot or 0, next_slot or 0, not_before or 0
local first = math.max(now, next_slot, not_before, last_slot + spacing, since + tonumber(ARGV[3]))
local last = first + (count - 1) * spacing
write(KEYS[1], 'last_slot', text(last), 'next_slot', text(last + spacing), 'not_before', text(not_before))
return {text(first - now), name}
"""
_DELAY = """
local not_before = known(KEYS[1], {'not_before'})
write(KEYS[1], 'not_before', text(math.max(not_before or 0, now + tonumber(ARGV[1]))))
"""
_DELAY_LEFT = """
local _, name = life(KEYS[2])
local not_before = known(KEYS[1], {'not_before'})
return {text(math.max(0, (not_before or 0) - now)), name}
"""
_OPEN_BREAKER = """
write(KEYS[1], 'probe_at', text(now + tonumber(ARGV[1])), 'leased_until', 0)
"""
_SECONDS_TO_PROBE = """
local probe_at = known(KEYS[1], {'probe_at'})
return probe_at and text(math.max(0, probe_at - now))
"""
_CLAIM_PROBE = """
local probe_at, leased_until = known(KEYS[1], {'probe_at', 'leased_until'})
if not probe_at or math.max(probe_at, leased_until or 0) > now then return 0 end
write(KEYS[1], 'probe_at', text(probe_at), 'leased_until', text(now + tonumber(ARGV[1])))
return 1
"""


class RedisRateStore:
    """One hash a host and one script a call, on the server's clock.

    A server that is gone is asked again for a minute. One that comes back may have forgotten the last second,
    or everything (it keeps what it has only with `appendonly yes`): it gives no slot for a second, and what
    was promised further ahead is promised anew, so that the rate holds over it. What it may forget are delays
    that other processes had asked for, and open breakers.
    """

    def __init__(self, address: str) -> None:
        """Connect.

        Raises:
            RateStoreError: the server does not answer, or does not let this user.
            PermanentError: CONFIGURATION, the extra is not installed.
        """
        self._redis = _import_redis()
        self._label = label_of(address)
        try:
            self._client = self._redis.Redis.from_url(
                address, socket_timeout=_SOCKET_SECONDS, socket_connect_timeout=_SOCKET_SECONDS
            )
            self._client.connection_pool.make_connection()
        except (ValueError, TypeError):
            # a malformed port, or an option that there is none of; the message may repeat what is there
            raise RateStoreError(
                self._label, "it is no address of Redis", "write redis://:password@host:6379/0"
            ) from None
        self._scripts: dict[str, Script] = {
            body: self._client.register_script(_PREAMBLE + body)
            for body in (_RESERVE, _DELAY, _DELAY_LEFT, _OPEN_BREAKER, _SECONDS_TO_PROBE, _CLAIM_PROBE)
        }
        self._promised_by: dict[str, bytes] = {}
        self.delay_left("")

    def reserve(self, host: str, spacing: float, count: int) -> float:
        """Reserve slots that far apart, after all that are reserved; return when the first is due."""
        first, life = self._ask(_RESERVE, _slots(host), spacing, count, _SETTLING_SECONDS)
        self._promised_by[host] = life
        return float(first)

    def delay(self, host: str, seconds: float) -> None:
        """Leave the host alone for that long; a longer delay stays."""
        self._ask(_DELAY, _slots(host), min(seconds, MAX_AHEAD_SECONDS))

    def delay_left(self, host: str) -> float:
        """Return how long the host is to be left alone still.

        At least a moment, where the server was started anew since it promised a slot of the host.
        """
        left, life = self._ask(_DELAY_LEFT, _slots(host))
        may_have_forgotten = self._promised_by.get(host, life) != life
        return max(float(left), _RETRY_SECONDS) if may_have_forgotten else float(left)

    def open_breaker(self, host: str, seconds_to_probe: float) -> None:
        """Note that the host is down, and that nobody asks it for that long from now."""
        self._ask(_OPEN_BREAKER, _breaker(host), min(seconds_to_probe, MAX_AHEAD_SECONDS))

    def close_breaker(self, host: str) -> None:
        """Note that the host has answered a probe."""
        self._patiently(lambda: self._client.delete(_breaker(host)))

    def seconds_to_probe(self, host: str) -> float | None:
        """Return how long nobody asks a host that is down, 0 once a probe is due; None if it is not."""
        seconds = self._ask(_SECONDS_TO_PROBE, _breaker(host))
        return None if seconds is None else float(seconds)

    def claim_probe(self, host: str, lease_seconds: float) -> bool:
        """Take the probe that is due, which holds back others for that long; return whether it was had."""
        return bool(self._ask(_CLAIM_PROBE, _breaker(host), min(lease_seconds, MAX_AHEAD_SECONDS)))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, script: str, key: str, *values: float) -> Any:
        # `repr` of a float is exact, and a script takes text
        arguments = [repr(value) for value in values]
        return self._patiently(lambda: self._scripts[script](keys=[key, _LIFE], args=arguments))

    def _patiently(self, action: Any) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        errors = self._redis.exceptions
        while True:
            try:
                return action()
            except errors.RedisError as error:
                # a busy or loading server passes, and so does one that is away
                passes = isinstance(
                    error, errors.ConnectionError | errors.TimeoutError | errors.BusyLoadingError
                ) and not isinstance(error, errors.AuthenticationError | errors.AuthorizationError)
                if not passes or time.monotonic() > deadline:
                    # without its text, which a server may fill with what it was sent
                    raise RateStoreError(
                        self._label,
                        type(error).__name__,
                        "start the server, or correct WEBDATA_SHARED_RATES and what its user may do",
                    ) from None
            time.sleep(_RETRY_SECONDS)


def _slots(host: str) -> str:
    # what is in braces places all keys on one node of a cluster, as a script demands
    return f"webdata:{{rates}}:slots:{host}"


def _breaker(host: str) -> str:
    return f"webdata:{{rates}}:breaker:{host}"


def _import_redis() -> Any:
    try:
        import redis
    except ModuleNotFoundError as error:
        raise PermanentError(
            "WEBDATA_SHARED_RATES in Redis needs the extra: pip install 'webdata_assets[celery]'",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    return redis
