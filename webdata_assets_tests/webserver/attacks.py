"""What pages of others can send, and what changes something in Dagster.

What belongs here: requests and mutations. What does not: who answers them.
"""

import json

from webdata_assets_tests.webserver.calling import JSON, LAUNCH, LAUNCH_IN_ADDRESS, OTHER_PAGE

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
TEXT = {"Content-Type": "text/plain"}
TEXT_THAT_NAMES_JSON = {"Content-Type": "text/plain; of=application/json"}
IN_BODY = json.dumps({"query": LAUNCH})

ATTACKS: dict[str, tuple[str, str, str | None, dict[str, str]]] = {
    "image": ("GET", LAUNCH_IN_ADDRESS, None, {"Accept": "image/*", "Sec-Fetch-Site": "cross-site"}),
    "image, in a browser that does not say who asks": ("GET", LAUNCH_IN_ADDRESS, None, {"Accept": "image/*"}),
    "image, path that ends in a line break": ("GET", LAUNCH_IN_ADDRESS.replace("?", "%0a?"), None, {}),
    "form, query in the address": ("POST", LAUNCH_IN_ADDRESS, "a=b", {**FORM, **OTHER_PAGE}),
    "form with a file, query in the address": (
        "POST", LAUNCH_IN_ADDRESS, "--x--", {**MULTIPART, **OTHER_PAGE},
    ),
    "text, query in the address": ("POST", LAUNCH_IN_ADDRESS, "", {**TEXT, **OTHER_PAGE}),
    "form, query in the address, path that ends in a line break": (
        "POST",
        LAUNCH_IN_ADDRESS.replace("?", "%0a?"),
        "a=b",
        FORM,
    ),
    "script without a body": ("POST", LAUNCH_IN_ADDRESS, None, OTHER_PAGE),
    "script, JSON that calls itself text": (
        "POST", "/graphql", IN_BODY, {**TEXT_THAT_NAMES_JSON, **OTHER_PAGE},
    ),
    "sandboxed page": ("POST", "/graphql", IN_BODY, {**TEXT_THAT_NAMES_JSON, "Origin": "null"}),
    "the same, in a browser that does not say who asks": ("POST", "/graphql", IN_BODY, TEXT_THAT_NAMES_JSON),
    "page on another port": ("POST", "/graphql", IN_BODY, {**JSON, "Sec-Fetch-Site": "same-site"}),
}  # fmt: skip
"""What pages of others can make a browser send without asking the server first; each launches a run."""


_TINY = 'repositoryLocationName: "tiny", repositoryName: "__repository__"'
_PARAMS = f'{{mode: "default", selector: {{{_TINY}, jobName: "make"}}}}'
_STORED = 'assetKey: {path: ["stored"]}'
MUTATIONS = {
    "launch": f"launchRun(executionParams: {_PARAMS}) {{ __typename }}",
    "launch several": f"launchMultipleRuns(executionParamsList: [{_PARAMS}]) "
    "{ ... on LaunchMultipleRunsResult { launchMultipleRunsResult { __typename } } }",
    "launch again": f"launchRunReexecution(executionParams: {_PARAMS}) {{ __typename }}",
    "backfill": 'launchPartitionBackfill(backfillParams: {assetSelection: [{path: ["stored"]}]}) '
    "{ __typename }",
    "end": 'terminateRun(runId: "any") { __typename }',
    "delete": 'deleteRun(runId: "any") { __typename }',
    "wipe": f"wipeAssets(assetPartitionRanges: [{{{_STORED}}}]) {{ __typename }}",
    "report": f"reportRunlessAssetEvents(eventParams: {{eventType: ASSET_MATERIALIZATION, {_STORED}}}) "
    "{ __typename }",
    "verdict": f'reportAssetCheckEvaluations(eventParams: {{{_STORED}, checkName: "sound", passed: true}}) '
    "{ __typename }",
    "partition": f'addDynamicPartition(repositorySelector: {{{_TINY}}}, partitionsDefName: "p", '
    'partitionKey: "k") { __typename }',
    "sensor": f'startSensor(sensorSelector: {{{_TINY}, sensorName: "s"}}) {{ __typename }}',
    "cursor": f'setSensorCursor(sensorSelector: {{{_TINY}, sensorName: "s"}}, cursor: "x") {{ __typename }}',
    "schedule": f'startSchedule(scheduleSelector: {{{_TINY}, scheduleName: "s"}}) {{ __typename }}',
    "automation": "setAutoMaterializePaused(paused: true)",
    "limit": 'setConcurrencyLimit(concurrencyKey: "k", limit: 1)',
    "slots": 'freeConcurrencySlots(runId: "any")',
    "reload": "reloadWorkspace { __typename }",
    "shutdown": 'shutdownRepositoryLocation(repositoryLocationName: "tiny") { __typename }',
}
