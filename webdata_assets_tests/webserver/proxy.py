"""nginx with the configuration of the docs, and callers that come through it.

What belongs here: the file of the docs with ports, certificate and password of a test. What does not: what
it lets through.
"""

import datetime as dt
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.real_sites.nginx import NGINX
from webdata_assets_tests.real_sites.process import ServerProcess
from webdata_assets_tests.site.mailboxes import free_port

DOCUMENTED = REPOSITORY / "docs" / "examples" / "nginx.conf"
NAME = "dagster.example.com"
EDITOR, VIEWER, PASSWORD = "alice", "carol", "correct horse"

_AROUND = """\
user {user};
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/errors.log;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/requests.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/dagster.conf;
}}
"""


class DocumentedProxy(ServerProcess):
    """A private nginx; `port` is the one of HTTPS."""

    def __init__(self, folder: Path, *, editors: str, viewers: str) -> None:
        """Take a folder of its own, and `address:port` of the two webservers."""
        super().__init__(folder)
        self.plain_port = free_port()
        self.certificate = folder / "certificate.pem"
        self._replaced = {"127.0.0.1:3000": editors, "127.0.0.1:3001": viewers}

    def command(self, descriptor: int) -> Sequence[str]:
        assert NGINX is not None
        _write_certificate(self.certificate, self.folder / "key.pem")
        passwords = self.folder / "passwords"
        passwords.write_text("".join(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in (EDITOR, VIEWER)))
        replaced = {
            **self._replaced,
            "/etc/ssl/certs/dagster.example.com.pem": str(self.certificate),
            "/etc/ssl/private/dagster.example.com.key": str(self.folder / "key.pem"),
            "/etc/nginx/dagster.htpasswd": str(passwords),
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "listen 80 ": f"listen 127.0.0.1:{self.plain_port} ",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
        }
        text = DOCUMENTED.read_text()
        for old, new in replaced.items():
            assert old in text, f"{DOCUMENTED.name} no longer has {old}"
            text = text.replace(old, new)
        (self.folder / "dagster.conf").write_text(text)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(_AROUND.format(folder=self.folder, user=self.folder.owner()))
        return [NGINX, "-p", str(self.folder), "-c", str(configuration), "-e", str(self.error_file)]

    def environment(self, descriptor: int) -> Mapping[str, str]:
        return {"NGINX": f"{descriptor};"}

    def trusting(self) -> ssl.SSLContext:
        """What a caller needs to trust the certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))


def hosts_named() -> set[str]:
    """Names of hosts that the documented file has beside addresses."""
    return set(re.findall(r"[a-z.]+\.example\.[a-z]+", DOCUMENTED.read_text()))


def _write_certificate(file: Path, key_file: Path) -> None:
    """Write a certificate that signs itself, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
