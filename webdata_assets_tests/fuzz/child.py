"""One target under atheris, in a process of its own: `python -m webdata_assets_tests.fuzz.child NAME FINDS`.

What follows NAME and the folder of finds is libFuzzer's: folders of inputs, and options. Nothing that is to
be instrumented may be imported before `main` says so.
"""

import random
import shlex
import sys
from pathlib import Path

_INSTRUMENTED = ["webdata_assets", "feedparser", "jmespath", "price_parser", "protego", "warcio", "yaml"]
_SHARE_OF_FORMAT_MUTATIONS = 0.6


def main(name: str, finds_folder: Path, options: list[str]) -> None:
    """Fuzz until libFuzzer ends the process. Finds are kept, and fuzzing goes on."""
    import atheris

    with atheris.instrument_imports(include=_INSTRUMENTED):
        from webdata_assets_tests.fuzz.finds import keep
        from webdata_assets_tests.fuzz.target import judge, load_target

        target = load_target(name)

        def test_one_input(data: bytes) -> None:
            try:
                judge(target, data)
            except Exception as error:  # noqa: BLE001 - every kind of error is a find
                if keep(finds_folder, error, data):
                    print(f"FIND {type(error).__name__}: {str(error)[:500]!r}", file=sys.stderr)

        # modules that are imported only when they are needed are to be instrumented too
        for sample in target.samples:
            test_one_input(sample)

    def mutate_within(data: bytes) -> bytes:
        return bytes(atheris.Mutate(data, max(len(data) + 16, 2 * len(data)))) if data else b""

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if target.mutate is None or rng.random() > _SHARE_OF_FORMAT_MUTATIONS:
            return bytes(atheris.Mutate(data, max_size))
        return target.mutate(data, rng, mutate_within)[:max_size]

    # libFuzzer starts itself again, through a shell, to merge corpora
    command = shlex.join([sys.executable, "-m", __spec__.name, name, str(finds_folder)])
    atheris.Setup([command, *options], test_one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
