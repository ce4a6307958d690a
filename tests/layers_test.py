"""The layers of ARCHITECTURE.md, held against the #include lines: calls go down only."""

import re
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src"

# What each directory of src/ may include besides itself. A directory that is not here fails the test: a
# new layer is added here and in ARCHITECTURE.md at once.
_OPS_AND_BELOW = {
    "transfer", "repository", "store", "milvus", "zilliz", "manifest", "codec", "config", "net", "model", "base",
}  # fmt: skip
MAY_INCLUDE = {
    "base": set(),
    "model": {"base"},
    "net": {"base"},
    "config": {"base"},
    "store": {"net", "base"},
    "milvus": {"net", "model", "base"},
    "zilliz": {"net", "base"},
    "manifest": {"model", "base"},
    "codec": {"model", "base"},
    "repository": {"store", "manifest", "model", "base"},
    "transfer": {"store", "base"},
    "ops": _OPS_AND_BELOW - {"config", "net"},
    "service": _OPS_AND_BELOW | {"ops"},
    "cli": {"service", "ops", "config", "base", "model"},
    "rest": {"service", "ops", "config", "base", "model"},
}

# Names that are built in one place. Tests may spell them out: they check what that place builds.
KEYS_OF_MANIFEST = re.compile(r"\b(insert_log|delta_log|backup_meta\.json)\b")

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# A string literal, or a comment (which is matched so that a quote in it opens no literal).
_LITERAL = re.compile(r'//[^\n]*|"((?:[^"\\\n]|\\.)*)"')


def is_test(path: Path) -> bool:
    return path.stem.endswith("_test") or "testing" in path.relative_to(SRC).parts


def sources() -> list[Path]:
    return sorted(path for suffix in ("*.h", "*.cc") for path in SRC.rglob(suffix))


def string_literals(path: Path) -> list[str]:
    code = _INCLUDE.sub("", path.read_text())
    return [literal for literal in _LITERAL.findall(code) if literal]


def layer_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0]


def includes(path: Path) -> list[str]:
    return _INCLUDE.findall(path.read_text())


PROGRAM = [path for path in sources() if not is_test(path)]


def test_there_are_sources_to_check():
    assert len(PROGRAM) > 20


def test_every_directory_has_its_place_among_the_layers():
    unknown = {layer_of(path) for path in PROGRAM if path.parent != SRC} - MAY_INCLUDE.keys()
    assert not unknown, f"say in MAY_INCLUDE and in ARCHITECTURE.md what these may use: {sorted(unknown)}"


@pytest.mark.parametrize("layer", MAY_INCLUDE)
def test_includes_go_down(layer):
    allowed = MAY_INCLUDE[layer] | {layer}
    wrong = [
        f"{path.relative_to(SRC)} includes {name}"
        for path in PROGRAM
        if layer_of(path) == layer
        for name in includes(path)
        if name.split("/")[0] in MAY_INCLUDE and name.split("/")[0] not in allowed
    ]
    assert not wrong, "\n".join([f"{layer}/ may use {', '.join(sorted(allowed))}:", *wrong])


def test_includes_name_their_directory():
    """ "store/s3/s3_store.h", never a path relative to the file: the directory is what the layers are read from."""
    wrong = [
        f"{path.relative_to(SRC)} includes {name}"
        for path in sources()
        for name in includes(path)
        if not (SRC / name).exists() and not name.endswith(".pb.h")
    ]
    assert not wrong, "\n".join(wrong)


def test_generated_protocol_stays_in_milvus():
    wrong = [
        f"{path.relative_to(SRC)} includes {name}"
        for path in PROGRAM
        if layer_of(path) != "milvus"
        for name in includes(path)
        if name.endswith(".pb.h")
    ]
    assert not wrong, "\n".join(wrong)


def test_arrow_stays_in_the_codec_library():
    """The program starts without Arrow; only the library that it opens for rows may need it."""
    angled = re.compile(r"^\s*#\s*include\s+<((?:arrow|parquet)/[^>]+)>", re.MULTILINE)
    wrong = [
        f"{path.relative_to(SRC)} includes {name}"
        for path in sources()
        if not path.relative_to(SRC).as_posix().startswith("codec/arrow/")
        for name in angled.findall(path.read_text())
    ]
    assert not wrong, "\n".join(wrong)


def test_nothing_includes_the_codec_library():
    """Callers open it with LoadRowCodec: what they included of it they would have to link."""
    wrong = [
        f"{path.relative_to(SRC)} includes {name}"
        for path in sources()
        if not path.relative_to(SRC).as_posix().startswith("codec/arrow/")
        for name in includes(path)
        if name.startswith("codec/arrow/")
    ]
    assert not wrong, "\n".join(wrong)


def test_object_keys_are_built_in_manifest_only():
    wrong = [
        f'{path.relative_to(SRC)} spells "{literal}"'
        for path in PROGRAM
        if layer_of(path) != "manifest"
        for literal in string_literals(path)
        if KEYS_OF_MANIFEST.search(literal)
    ]
    assert not wrong, "\n".join(wrong)
