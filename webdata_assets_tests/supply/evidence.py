"""Licences that metadata does not tell, looked up by hand in what is installed or in the project's own text.

What belongs here: exceptions. Whoever adds one says where it stands.
"""

from typing import NamedTuple


class Evidence(NamedTuple):
    """An SPDX expression, and where it is written."""

    expression: str
    where: str


EVIDENCE = {
    "antlr4-python3-runtime": Evidence("BSD-3-Clause", "LICENSE.txt of the project: three clauses"),
    "atheris": Evidence("Apache-2.0", "LICENSE in the wheel: the text of Apache 2.0"),
    "dataframely": Evidence("BSD-3-Clause", 'LICENSE in the wheel: "BSD 3-Clause License"'),
    "fakesnow": Evidence("Apache-2.0", "LICENSE in the wheel; its classifier says MIT"),
    "matplotlib": Evidence("PSF-2.0", "LICENSE in the wheel: an agreement made after that of Python"),
    "partd": Evidence("BSD-3-Clause", "LICENSE.txt in the wheel: three clauses"),
    "polars-hash": Evidence("MIT", "LICENSE of the project; the wheel has none"),
    "psycopg2-binary": Evidence("LGPL-3.0-or-later", "LICENSE in the wheel, with an exception for OpenSSL"),
    "py-rust-stemmers": Evidence("MIT", "LICENSE in the wheel"),
    "pydispatcher": Evidence("BSD-3-Clause", "license.txt of the source distribution: three clauses"),
}
"""By canonical name."""
