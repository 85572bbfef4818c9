"""Our code location under Dagster's default executor, a process for each step: `dagster job execute -m …`.

What belongs here: the definitions. What does not: measuring them (backfill.py).
"""

from unittest.mock import patch

import dagster as dg

from webdata_assets import definitions

with patch.object(definitions, "build_executor", lambda _settings: dg.multiprocess_executor):
    defs = definitions.build_defs()
