"""Any sequence of ledger operations against a model of admission that fits in ten lines."""

import datetime as dt
import shutil
import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from webdata_assets.schemas import CHECK_RESULTS, TABLES
from webdata_assets.store import Store
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.store.rows import BLOG, NOON, SHOP

TABLE = TABLES["frontier"]
PARTITIONS = st.sampled_from([SHOP, BLOG])
VERDICTS = st.dictionaries(st.sampled_from(TABLE.blocking_checks), st.booleans(), min_size=1)
SHIFTS = st.sampled_from([dt.timedelta(hours=-1), dt.timedelta(0), dt.timedelta(seconds=1)])


class LedgerMachine(RuleBasedStateMachine):
    """The model: a write forgets all verdicts; a verdict replaces the earlier one of its check."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.clock = NOON
        self.store = Store.open(self.folder, lambda: self.clock)
        self.versions = {}
        self.verdicts = {}

    @rule(partition=PARTITIONS, version=st.sampled_from("ab"))
    def begin_write(self, partition, version):
        self.store.ledger.begin_write(
            TABLE, partition, data_version=version * 64, code_version="1", rows=0, extracted=None, run_id="r"
        )
        self.versions[partition] = version * 64
        self.verdicts[partition] = {}

    @precondition(lambda self: self.versions)
    @rule(partition=PARTITIONS)
    def commit(self, partition):
        """The commit itself says nothing to the ledger: admission cannot depend on it."""
        version = self.versions.get(partition, "0" * 64)
        self.store.tables.overwrite(
            TABLE, TABLE.empty(), partition=partition, run_id="r", data_version=version
        )

    @rule(partition=PARTITIONS, passed=VERDICTS)
    def check(self, partition, passed):
        if partition not in self.versions:
            return
        given = [Verdict(name, passed=value) for name, value in passed.items()]
        self.store.ledger.record(TABLE, partition, given, run_id="r")
        self.verdicts[partition] |= passed

    @rule(partition=PARTITIONS)
    def check_everything(self, partition):
        self.check(partition, dict.fromkeys(TABLE.blocking_checks, True))

    @rule()
    def enter_something_of_another_table(self):
        self.store.ledger.begin_write(
            TABLES["quarantine"], SHOP,
            data_version="c" * 64, code_version="1", rows=0, extracted=None, run_id="r",
        )  # fmt: skip

    @precondition(lambda self: self.versions)
    @rule()
    def compact(self):
        """By another process: this one's open table does not know of it."""
        Store.open(self.folder).tables.compact(CHECK_RESULTS)

    @rule(by=SHIFTS)
    def shift_the_clock(self, by):
        self.clock += by

    @invariant()
    def states_are_those_of_the_model(self):
        found = {
            (row["date"], row["source"]): (
                row["data_version"],
                row["failed"],
                row["missing"],
                row["admitted"],
            )
            for row in self.store.ledger.states(TABLE).iter_rows(named=True)
        }
        assert found == {
            (partition.date, partition.source): (
                version,
                sorted(name for name, passed in self.verdicts[partition].items() if not passed),
                sorted(set(TABLE.blocking_checks) - set(self.verdicts[partition])),
                all(self.verdicts[partition].get(name, False) for name in TABLE.blocking_checks),
            )
            for partition, version in self.versions.items()
        }

    def teardown(self):
        shutil.rmtree(self.folder)


LedgerMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
TestLedger = LedgerMachine.TestCase
