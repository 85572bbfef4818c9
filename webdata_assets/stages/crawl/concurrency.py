"""Concurrency: running coroutines together so that an error ends all of them and is raised as it is.

What belongs here: that. What does not: how many run at once (politeness/pacing.py, crawler.py).
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def all_or_nothing(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run all at once; when one fails, end the others and raise its error as it is."""
    tasks = [asyncio.create_task(item) for item in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
