"""Turns the built page, a folder like web/dist, into the C++ source that holds its files, for the
build. The same files make the same source, byte for byte."""

import argparse
import gzip
import re
import sys
from pathlib import Path

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

# Where the server shows the files that have a fixed name. All others are in assets/, named by their
# content, because they are kept by browsers for ever.
FIXED = {"index.html": "/", "docs.html": "/docs", "favicon.svg": "/favicon.svg"}
NAMED_BY_CONTENT = re.compile(r"assets/[A-Za-z0-9._-]+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")

LITERAL_BYTES = 80  # Of one line.


def literal(data: bytes) -> str:
    """`data` as the C++ string literals of a source's lines."""

    def spell(byte: int) -> str:
        if byte in b'"\\?':  # "??" may begin a trigraph.
            return "\\" + chr(byte)
        return chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}"

    lines = (data[at : at + LITERAL_BYTES] for at in range(0, len(data), LITERAL_BYTES))
    return "\n".join('    "' + "".join(map(spell, line)) + '"' for line in lines)


def path_of(name: str) -> str:
    if name in FIXED:
        return FIXED[name]
    if not NAMED_BY_CONTENT.fullmatch(name):
        raise ValueError(f"{name} is neither one of {', '.join(FIXED)} nor assets/NAME-HASH.EXT")
    return "/" + name


def read_asset(folder: Path, name: str) -> tuple[str, str, bytes, bytes]:
    """Path, content type, and the bytes, compressed if that makes them fewer and as they are."""
    identity = (folder / name).read_bytes()
    content_type = CONTENT_TYPES.get(Path(name).suffix)
    if content_type is None:
        raise ValueError(f"{name} is of no kind that is served: {', '.join(CONTENT_TYPES)}")
    if not identity:
        raise ValueError(f"{name} is empty")
    compressed = gzip.compress(identity, 9, mtime=0)
    return (
        path_of(name),
        content_type,
        compressed if len(compressed) < len(identity) else b"",
        identity,
    )


def source_of(folder: Path) -> str:
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    missing = [name for name in FIXED if name not in names]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}")
    constants, rows = [], []
    for i, name in enumerate(names):
        path, content_type, compressed, identity = read_asset(folder, name)
        for kind, data in (("Gzip", compressed), ("Identity", identity)):
            if data:
                constants.append(f"constexpr char k{kind}{i}[] =  // {name}\n{literal(data)};\n")
        rows.append(
            f'    {{"{path}", "{content_type}", '
            + (f"Bytes(kGzip{i}), " if compressed else '"", ')
            + f"Bytes(kIdentity{i})}},\n"
        )
    return (
        "// The files of the page. Written by script/lib/web_assets.py.\n"
        '#include "http/web_assets.h"\n\n'
        "#include <cstddef>\n\n"
        '#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n'
        "namespace chaac {\nnamespace {\n\n"
        "template <std::size_t kSize>\n"
        "constexpr std::string_view Bytes(const char (&literal)[kSize]) {\n"
        "  return {literal, kSize - 1};\n}\n\n"
        + "\n".join(constants)
        + "\nconstexpr WebAsset kAssets[] = {\n"
        + "".join(rows)
        + "};\n\n}  // namespace\n\n"
        "std::span<const WebAsset> WebAssets() { return kAssets; }\n\n"
        "}  // namespace chaac\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the built page")
    parser.add_argument("target", type=Path, help="the source to write")
    parser.add_argument("names", nargs="*", help="ignored: what the build knows of the folder")
    arguments = parser.parse_args()
    try:
        source = source_of(arguments.folder)
    except (OSError, ValueError) as error:
        print(
            f"{arguments.folder} cannot be embedded: {error}.\n"
            "script/build makes the page in web/dist before it compiles; cmake "
            "-DCHAAC_WEB_DIST=FOLDER takes another, tests/page for example.",
            file=sys.stderr,
        )
        return 1
    arguments.target.write_text(source, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
