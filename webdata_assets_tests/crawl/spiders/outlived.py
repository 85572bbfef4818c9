"""Starts a job of Scrapy and waits for it, to be killed meanwhile: `python -m … FOLDER START_URL`."""

import asyncio
import sys
from pathlib import Path

from webdata_assets_tests.crawl.spiders.harness import DATE, job_rule, jobs_of, source_of


async def main(folder: Path, start_url: str) -> None:
    rule = job_rule("files/walking.py", start_url)
    jobs = jobs_of(source_of(), folder)
    job = await jobs.start(rule, start_url, DATE)
    print(job, flush=True)
    async for _ in jobs.results(rule, job, None):
        pass


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
