#!/usr/bin/env python
"""Django's customary name for the command line; the same as ``hrp``."""

from hrp.config.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
