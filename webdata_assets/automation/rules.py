"""The rules of repair: for every blocking check, and every other cause, what is done about it, and why.

What belongs here: one line per rule. What does not: finding the partitions (repairs.py, refresh.py), budgets
(budget.py), and the work itself, which is an ordinary run of a job.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from webdata_assets.assets.kept_pages import MISSING_ONLY
from webdata_assets.automation.jobs import COMPARE, CRAWL, EMBED, PUBLISH, REPLAY


class Action(StrEnum):
    """What is done about a cause."""

    RECRAWL_MISSING = "re-crawl what is missing"
    RESUME = "resume the crawl"
    RECRAWL = "re-crawl"
    REPLAY = "replay"
    REEMBED = "embed again"
    COMPARE_AGAIN = "compare again"
    REBUILD_INDEX = "rebuild the index"
    KEEP_CHAMPION = "keep the champion"
    HALT_DELIVERY = "halt delivery"
    ALERT = "alert a person"

    @property
    def job(self) -> str | None:
        """The job that is launched; None where nothing is."""
        return _JOBS.get(self)

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags by which the run knows what is wanted of it."""
        return MISSING_ONLY if self is Action.RECRAWL_MISSING else {}


_JOBS = {
    Action.RECRAWL_MISSING: CRAWL,
    Action.RESUME: CRAWL,
    Action.RECRAWL: CRAWL,
    Action.REPLAY: REPLAY,
    Action.REEMBED: EMBED,
    Action.COMPARE_AGAIN: COMPARE,
    Action.REBUILD_INDEX: PUBLISH,
    Action.HALT_DELIVERY: PUBLISH,
}

MEANINGS: Mapping[Action, str] = {
    Action.RECRAWL_MISSING: "Stored pages stand; only what failed, was deferred, is missing, or has lost its "
    "bytes is requested. Where the site no longer shows the date, a person is needed.",
    Action.RESUME: "A crawl that goes on from the spool of the one that died.",
    Action.RECRAWL: "Every URL is visited again, conditionally.",
    Action.REPLAY: "Everything after the pages is made again from stored payloads, without a request; if the "
    "pages are not sound, they are re-crawled instead.",
    Action.REEMBED: "Chunks and vectors are made again from the stored records.",
    Action.COMPARE_AGAIN: "Changes and features are made again from the stored records and those of earlier "
    "dates.",
    Action.REBUILD_INDEX: "Published again; readers keep the release that they have.",
    Action.KEEP_CHAMPION: "Nothing is promoted. A training that would end the same way waits for new data; "
    "any other is repeated.",
    Action.HALT_DELIVERY: "Nothing is delivered; everything is published again, which merges what is due.",
    Action.ALERT: "No run would mend it.",
}


@dataclass(frozen=True)
class Rule:
    """What is done when a check failed.

    Attributes:
        asset: the checked asset; `*` for every asset that has no rule of its own for the check.
        check: the check, or the cause where no check tells of it.
        action: what is done.
        why: why that, in a sentence without its end.
        once: whether the same data version is not tried again: the outcome would be the same.
    """

    asset: str
    check: str
    action: Action
    why: str
    once: bool = False


A = Action

CHECK_RULES: tuple[Rule, ...] = (
    Rule("frontier", "not_empty", A.RECRAWL, "discovery may have met the site at a bad moment"),
    Rule("frontier", "proxies_healthy", A.RESUME, "nothing was fetched yet, and proxies come back"),
    Rule("pages", "completeness", A.RECRAWL_MISSING, "what was fetched is good"),
    Rule("pages", "payload_hash", A.RECRAWL_MISSING, "only pages with wrong bytes are fetched again"),
    Rule("pages", "reconciliation", A.RECRAWL, "pages and frontier are of different crawls"),
    Rule("pages", "freshness", A.RECRAWL, "what was seen is too old, all of it"),
    Rule("pages", "page_count", A.RECRAWL, "a list may have been served by half, once", once=True),
    Rule("pages", "page_bytes", A.ALERT, "changed for good (`expect.history_since`), or a barrier"),
    Rule("records", "completeness", A.REPLAY, "payloads are sound, and the patched extraction reads them"),
    Rule("records", "valid_share", A.REPLAY, "payloads are sound, and the patched extraction reads them"),
    Rule("records", "record_count", A.REPLAY, "a patch, or `expect.history_since` if it is for good"),
    Rule("records", "reconciliation", A.REPLAY, "other code may count right; the same code would not"),
    Rule("changes", "reconciliation", A.REPLAY, "made from records that were written since", once=True),
    Rule("fingerprints", "reconciliation", A.REPLAY, "made from records that were written since", once=True),
    Rule("features", "reconciliation", A.REPLAY, "made from records that were written since", once=True),
    Rule("features", "no_future", A.ALERT, "the same records give the same moments"),
    Rule("features", "drift", A.ALERT, "a fault, or a change for good (`expect.history_since`)"),
    Rule("embeddings", "reconciliation", A.REEMBED, "made from records that were written since", once=True),
    Rule("embeddings", "exact_slices", A.REEMBED, "chunks of other texts than the records", once=True),
    Rule("embeddings", "read_whole", A.REEMBED, "chunks are cut for the encoder in use", once=True),
    Rule("embeddings", "unit_vectors", A.REEMBED, "an encoder's fault may pass", once=True),
    Rule("embeddings", "one_model", A.REEMBED, "vectors of two models cannot be compared", once=True),
    Rule("near_duplicates", "canonical", A.HALT_DELIVERY, "compared while partitions were written"),
    Rule("near_duplicates", "admitted_only", A.HALT_DELIVERY, "a partition was withdrawn meanwhile"),
    Rule("corpus", "reconciliation", A.HALT_DELIVERY, "a partition was written or withdrawn meanwhile"),
    Rule("corpus", "canonical", A.HALT_DELIVERY, "clusters of another state of the records"),
    Rule("vector_index", "same_ids", A.REBUILD_INDEX, "made of another state of the corpus"),
    Rule("vector_index", "one_model", A.REBUILD_INDEX, "partitions were embedded again meanwhile"),
    Rule("vector_index", "same_vectors", A.REBUILD_INDEX, "made of another state of the embeddings"),
    Rule("vector_index", "recall", A.REBUILD_INDEX, "the graph of an approximate index is drawn by lot"),
    Rule("vector_index", "flagged_chunks", A.REBUILD_INDEX, "flags came after the index"),
    Rule("training_set", "admitted_only", A.KEEP_CHAMPION, "a partition was withdrawn meanwhile"),
    Rule("training_set", "split", A.KEEP_CHAMPION, "the same data is split the same way", once=True),
    Rule("model", "score_floor", A.KEEP_CHAMPION, "the same data trains the same model", once=True),
    Rule("model", "no_worse", A.KEEP_CHAMPION, "the same data trains the same model", once=True),
    Rule("model", "no_slice_worse", A.KEEP_CHAMPION, "the same data trains the same model", once=True),
    Rule("model", "reproducible", A.KEEP_CHAMPION, "what differs by run is not to be relied on", once=True),
    Rule("model", "artefact_hash", A.KEEP_CHAMPION, "the artefact was damaged after its training"),
    Rule("release", "whole_pair", A.REBUILD_INDEX, "index and model must fit each other"),
    Rule("delivery", "delivered", A.HALT_DELIVERY, "a sink was down, or did not keep what it was sent"),
    Rule("delivery", "same_content", A.HALT_DELIVERY, "a sink failed, or others wrote to it: merged again"),
    Rule("delivery", "row_count", A.HALT_DELIVERY, "a sink failed, or others wrote to it: merged again"),
    Rule("delivery", "idempotent", A.HALT_DELIVERY, "sinks differ, so one of them was written by others"),
    Rule("delivery", "lag", A.HALT_DELIVERY, "the corpus was written again since"),
    Rule("delivery", "contract", A.ALERT, "the same rows would break it again: a person decides"),
    Rule("storage", "content_unchanged", A.ALERT, "a table differs from what it was: a person looks first"),
    Rule("quality_report", "rendered", A.ALERT, "it is rendered anew every day; its data stands"),
    Rule("*", "schema", A.ALERT, "our own code wrote what it must not: other data would not mend it"),
    Rule("*", "unique_keys", A.ALERT, "our own code wrote a key twice: other data would not mend it"),
)  # fmt: skip
"""One for every blocking check. Where several checks of a partition failed, the first one here counts."""

CAUSE_RULES: tuple[Rule, ...] = (
    Rule("pages", "stale", A.RECRAWL, "scheduled, and its newest observation is older than it may be"),
    Rule("pages", "never arrived", A.RECRAWL, "scheduled, and the date after the newest has no partition"),
    Rule("pages", "paused", A.RECRAWL_MISSING, "URLs were deferred, because a host or the proxies were down"),
    Rule("frontier", "interrupted", A.RESUME, "written by a run that died before its checks"),
    Rule("pages", "interrupted", A.RESUME, "written by a run that died before its checks"),
    Rule("dead_letters", "interrupted", A.RESUME, "written by a run that died before its checks"),
    Rule("*", "interrupted", A.REPLAY, "written by a run that died before its checks"),
    Rule("*", "behind", A.REPLAY, "the layer before it was admitted later, or it was never written"),
    Rule("changes", "other past", A.COMPARE_AGAIN, "an earlier date was admitted, or changed, after it"),
    Rule("features", "other past", A.COMPARE_AGAIN, "an earlier date was admitted, or changed, after it"),
    Rule("embeddings", "other encoder", A.REEMBED, "vectors of two models cannot be compared"),
)
"""What no check tells of: the state of the ledger does."""


def rule_for(asset: str, failed: Collection[str]) -> tuple[Rule, str] | None:
    """Return the rule that counts for failed checks of an asset, and its check; None if there is none."""
    return _first(CHECK_RULES, asset, failed)


def cause_rule(asset: str, cause: str) -> Rule:
    """Return the rule for a cause that no check tells of."""
    found = _first(CAUSE_RULES, asset, [cause])
    if found is None:
        raise ValueError(f"there is no rule for {cause} of {asset}")
    return found[0]


def _first(rules: Iterable[Rule], asset: str, checks: Collection[str]) -> tuple[Rule, str] | None:
    rules = tuple(rules)
    own = {rule.check for rule in rules if rule.asset == asset}
    for rule in rules:
        applies = rule.asset == asset or (rule.asset == "*" and rule.check not in own)
        if applies and rule.check in checks:
            return rule, rule.check
    return None
