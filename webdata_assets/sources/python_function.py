"""`module:function` in a source file: where the function's code is, without running any of it.

What belongs here: the form of such a name, the module's file, and the hash of its text. What does not:
importing and calling it (stages/extract/python_extractor.py).
"""

import re
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

from blake3 import blake3

_FORM = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)


def check_python_function(value: str) -> str:
    """Return the name of a function whose module is found and has source text. Nothing is imported.

    Raises:
        ValueError: it is no such name, or there is no such module; the message says what to do.
    """
    match = _FORM.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is not `package.module:function`; a path to a file is not taken")
    module = match[1]
    if module.partition(".")[0] in sys.stdlib_module_names:
        raise ValueError(f"{module!r} is a module of Python itself, and holds no extractor")
    module_file(module)
    return value


def split_name(name: str) -> tuple[str, str]:
    """Return module and function of a name that was checked."""
    module, _, function = name.partition(":")
    return module, function


def module_file(module: str) -> Path:
    """Return the file of a module's source text.

    Packages on the way are not imported either, as `importlib.util.find_spec` would do.

    Raises:
        ValueError: no module of that name can be imported, or it has no source text.
    """
    places = None
    spec = None
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        name = ".".join(parts[:depth])
        spec = _find(name, places)
        if spec is None:
            raise ValueError(f"there is no module {name!r}: install it, or put its folder on PYTHONPATH")
        places = [*spec.submodule_search_locations] if spec.submodule_search_locations else []
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ValueError(f"the module {module!r} is no Python file (.py), whose text tells when it changes")
    return Path(spec.origin)


def code_hash(name: str) -> str:
    """Return the BLAKE3 of the text of the function's module, its CODE_VERSION included, in hexadecimal.

    Raises:
        ValueError: as `module_file` does.
    """
    return blake3(module_file(split_name(name)[0]).read_bytes()).hexdigest()


def _find(name: str, places: list[str] | None) -> ModuleSpec | None:
    specs = (finder.find_spec(name, places) for finder in sys.meta_path)
    return next((spec for spec in specs if spec is not None), None)
