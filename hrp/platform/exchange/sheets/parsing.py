"""The parser's own process: ``python -I parsing.py``, one workbook on stdin, its grids on stdout.

The reader is native code that aborts the whole process when a file talks it into a huge allocation. The guard refuses
every way we know; this is the wall behind it, with limits on memory and time, so that a web worker never dies of a
spreadsheet. Nothing of the product is imported here.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import resource
import sys

import python_calamine

MEMORY_BYTES = 1024 * 1024 * 1024
CPU_SECONDS = 30
UNREADABLE = 3


def main() -> int:
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    length = int(sys.stdin.buffer.readline())
    names = sys.stdin.buffer.readline().decode().rstrip("\n").split("\x1f")
    data = sys.stdin.buffer.read(length)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names]
    except BaseException as error:  # a Rust panic is not an Exception
        sys.stderr.write(f"{type(error).__name__}: {error}"[:500])
        return UNREADABLE
    pickle.dump(grids, sys.stdout.buffer, protocol=5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
