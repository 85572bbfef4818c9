"""A crawl in a process of its own with its spool in an object store: `python -m … ADDRESS URI SCRATCH`."""

import asyncio
import os
import sys
from pathlib import Path

from webdata_assets.stages.crawl.object_spool import ObjectSpool
from webdata_assets.stages.objects import Objects
from webdata_assets.store.options import storage_options
from webdata_assets_tests.crawl.killable import visit

if __name__ == "__main__":
    address, uri, scratch = sys.argv[1:]
    objects = Objects(uri, storage_options(uri, os.environ))
    asyncio.run(visit(address, ObjectSpool(objects, Path(scratch))))
