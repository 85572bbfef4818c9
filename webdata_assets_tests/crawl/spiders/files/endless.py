"""Never ends; leaves a process of its own behind, whose id it writes beside its log."""

import signal
import subprocess
import sys
from pathlib import Path

import scrapy


class EndlessSpider(scrapy.Spider):
    name = "endless"

    async def start(self):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        if self.stubborn == "true":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        unfinished = Path(f"{self.pids}.tmp")
        unfinished.write_text(str(child.pid))
        unfinished.rename(self.pids)
        yield scrapy.Request(self.start_url, dont_filter=True)

    def parse(self, response):
        yield {"url": response.url}
        yield scrapy.Request(self.start_url, dont_filter=True)
