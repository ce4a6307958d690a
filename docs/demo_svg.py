"""Draws docs/demo.svg from a recording of the demo:

    script -qec "make demo" demo.txt && python3 docs/demo_svg.py demo.txt >docs/demo.svg

Only picks lines; every word in the picture was printed by the program or the demo. The configuration file it
shows is left out, and the wait of each chapter.
"""

import re
import sys
from html import escape

LINE_HEIGHT, CHARACTER_WIDTH, MARGIN, TOP = 19, 8.42, 24, 52
PALETTE = {"chapter": "#ffffff", "command": "#7ee787", "output": "#c9d1d9", "equal": "#ffd866"}


def main(file: str) -> None:
    rows = list(picked(open(file, encoding="utf-8", newline="").read().strip()))
    width = round(max(len(text) for _, text in rows) * CHARACTER_WIDTH + 2 * MARGIN)
    height = TOP + len(rows) * LINE_HEIGHT + MARGIN
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="make demo: coll of one Milvus becomes coll_bak on another, and every row is compared">'
    )
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>')
    for i, colour in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        print(f'<circle cx="{MARGIN + 20 * i}" cy="22" r="6" fill="{colour}"/>')
    print(f'<text x="{width / 2}" y="27" fill="#8b949e" text-anchor="middle" font-family="sans-serif" font-size="13">make demo</text>')
    print('<g font-family="ui-monospace,Menlo,Consolas,monospace" font-size="14" xml:space="preserve">')
    for number, (kind, text) in enumerate(rows):
        weight = ' font-weight="bold"' if kind in ("chapter", "equal") else ""
        print(f'<text x="{MARGIN}" y="{TOP + number * LINE_HEIGHT}" fill="{PALETTE[kind]}"{weight}>{escape(text)}</text>')
    print("</g></svg>")


def picked(recording: str):
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", recording).replace("\r\n", "\n")
    in_configuration = False
    for line in text.split("\n"):
        line = line.split("\r")[-1]  # a terminal shows what was written last: the progress bar is gone
        if re.match(r"Script (started|done)|== |\[\d{4}/|  \(\d+\.\d s\)$", line):
            continue  # the recorder, make, the log, the clock
        command = line.startswith("  $ ")
        in_configuration = line.startswith("  $ cat ") or (in_configuration and line.startswith("    "))
        if in_configuration:
            continue
        if line.startswith(("EQUAL", "to the last bit")):
            yield "equal", line
        elif command:
            yield "command", line
        elif line and not line.startswith(" "):
            yield "chapter", line
        else:
            yield "output", line


if __name__ == "__main__":
    main(sys.argv[1])
