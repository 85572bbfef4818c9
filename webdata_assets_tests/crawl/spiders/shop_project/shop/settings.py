"""Settings that a project of its own would have: they must not get in the way of a partition's run."""

BOT_NAME = "shop"
SPIDER_MODULES = ["shop.spiders"]
USER_AGENT = "shop (+https://shop.example)"
AUTOTHROTTLE_ENABLED = False
JOBDIR = "state"
FEEDS = {"own-%(batch_id)d.json": {"format": "json", "batch_item_count": 10}}
LOG_FILE = "own.log"
