"""Python's own documentation, as Debian packages it: crawled, indexed, searched, and visited a second day."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.stages.embed.encoder import load_encoder
from webdata_assets.stages.index.lance import LanceIndex
from webdata_assets.stages.index.search import search
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.real_input.static_site import StaticSite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HTML = Path("/usr/share/doc/python3.11/html")
HOST = "docs.python.test"
FIRST_DAY, SECOND_DAY = "2026-06-01", "2026-06-02"
SOURCE = {
    "name": "python_docs",
    "description": "Python's documentation, followed link by link",
    "start": FIRST_DAY,
    "allow_private": True,
    "fetch": {
        "discover": [
            {
                "by": "links",
                "start": [f"http://{HOST}/index.html"],
                "allow": [rf"^http://{HOST}/(tutorial|library|reference|faq|using|c-api|distutils)/"],
                "deny": [r"\.(txt|py|zip)$"],
            }
        ],
        "requests_per_second": 1000,
        "concurrency": 8,
    },
    "extract": {
        "kind": "document",
        "pages": rf"^http://{HOST}/[\w-]+/",
        "fields": {"title": "[role=main] h1"},
    },
    "expect": {"fetched": 1, "min_pages": 400, "completeness": {"title": 1, "text": 1}},
}

# Written before any answer was seen, and not changed since.
QUESTIONS = {
    "how do I parse command line arguments": "library/argparse.html",
    "read and write comma separated files": "library/csv.html",
    "match text with regular expressions": "library/re.html",
    "send an email through a mail server": "library/smtplib.html",
    "run another program and capture its output": "library/subprocess.html",
    "make temporary files and directories": "library/tempfile.html",
    "compute the median and standard deviation of numbers": "library/statistics.html",
    "connect to an SQLite database": "library/sqlite3.html",
    "measure the execution time of a small piece of code": "library/timeit.html",
    "compress data with gzip": "library/gzip.html",
}
