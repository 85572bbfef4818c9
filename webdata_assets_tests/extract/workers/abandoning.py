"""A parent that is to be killed: it opens a pool, has a worker idle and one hang, and says their ids.

`python -m webdata_assets_tests.extract.workers.abandoning`
"""

import time
from threading import Thread

from webdata_assets.stages.extract.workers.limits import Limits
from webdata_assets.stages.extract.workers.pool import ExtractionPool
from webdata_assets_tests.extract.workers.hostile import bomb, good_page
from webdata_assets_tests.extract.workers.test_pool import ARTICLES, BY_URL, page_at

PAGE_SECONDS = 3


def main() -> None:
    idle = ExtractionPool(1, Limits(PAGE_SECONDS, 512))
    list(idle.extract(BY_URL, [page_at("a")]))
    hanging = ExtractionPool(1, Limits(PAGE_SECONDS, 512))
    list(hanging.extract(ARTICLES, [good_page()]))
    Thread(target=lambda: list(hanging.extract(ARTICLES, [bomb()])), daemon=True).start()
    time.sleep(1)
    print(*idle.pids, *hanging.pids, flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main()
