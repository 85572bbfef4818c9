"""nginx on loopback: folders of real pages as they are, and the same server with faults.

What belongs here: its configuration. What does not: the process (process.py), and which pages are served
(documentation.py).
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from webdata_assets_tests.real_sites.process import ServerProcess

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
NEEDS_NGINX = "needs Debian's package nginx"

_CONFIGURATION = """\
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/errors.log;
events {{ worker_connections 2048; }}
http {{
  types {{ text/html html; text/css css; text/plain txt; text/xml xml; }}
  default_type application/octet-stream;
  log_format answered '$status $request_uri';
  access_log {log};
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=10000;
  limit_req_zone $binary_remote_addr zone=strict:1m rate=10r/s;
  server {{
    listen 127.0.0.1:{port};
    {locations}
  }}
}}
"""


class Nginx(ServerProcess):
    """A private nginx with one worker."""

    def __init__(self, folder: Path, locations: str, *, logs: bool = True) -> None:
        """Take a folder of its own and the `location` blocks of its one server."""
        super().__init__(folder)
        self._locations = locations
        self._logs = logs

    def command(self, descriptor: int) -> Sequence[str]:
        assert NGINX is not None
        configuration = self.folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                # a worker of another user could not read a test's own folders
                user="user root;" if os.geteuid() == 0 else "",
                folder=self.folder,
                log=f"{self.log_file} answered" if self._logs else "off",
                port=self.port,
                locations=self._locations,
            )
        )
        return [NGINX, "-p", str(self.folder), "-c", str(configuration), "-e", str(self.error_file)]

    def environment(self, descriptor: int) -> Mapping[str, str]:
        return {"NGINX": f"{descriptor};"}


def folders(served: Mapping[str, Path]) -> str:
    """Return locations that serve each folder under its path, with ETag and Last-Modified."""
    return "\n".join(f"location {path} {{ alias {folder}/; }}" for path, folder in served.items())


def generated() -> str:
    """Return a location with a small page of its own for every number: `/p/0`, `/p/1` and so on."""
    body = "<!doctype html><title>Page $1</title><p>This is page $1 of very many, all of them alike.</p>"
    return f"location ~ ^/p/(\\d+)$ {{ default_type text/html; return 200 '{body}'; }}"


FAULTS = """\
location = /robots.txt { return 404; }
location /plain/ { alias PAGES/; }
location /limited-429/ { limit_req zone=strict; limit_req_status 429; alias PAGES/; }
location /limited-503/ { limit_req zone=strict; limit_req_status 503; alias PAGES/; }
location = /dropped { return 444; }
location /slow/ { limit_rate 1k; sendfile_max_chunk 1k; alias PAGES/; }
location /gzip/ { gzip on; gzip_min_length 1; gzip_http_version 1.0; alias PAGES/; }
location = /loop { absolute_redirect off; return 302 /loop; }
location = /ping { absolute_redirect off; return 301 /pong; }
location = /pong { absolute_redirect off; return 307 /ping; }
location = /two-lengths { add_header Content-Length 5 always; return 200 "eleven char"; }
location /closed/ { auth_basic closed; auth_basic_user_file PAGES/../passwords; alias PAGES/; }
location = /unavailable { add_header Retry-After 1 always; return 503; }
location = /moved-here { absolute_redirect off; return 301 /plain/page.html; }
location = /moved-with-port { return 301 /plain/page.html; }
location = /teapot { return 418 "short and stout"; }
"""
"""Locations that fail, each in nginx's own way. `PAGES` is a folder with `page.html` beside `passwords`."""


def with_faults(folder: Path, page: str, *, user: str, password: str) -> Nginx:
    """Return an nginx whose paths fail as FAULTS says, over one page.

    Args:
        folder: of its own.
        page: the content of `page.html`.
        user: who may read `/closed/`.
        password: theirs.
    """
    pages = folder / "pages"
    pages.mkdir(parents=True)
    (pages / "page.html").write_text(page)
    (folder / "passwords").write_text(f"{user}:{{PLAIN}}{password}\n")
    return Nginx(folder, FAULTS.replace("PAGES", str(pages)))
