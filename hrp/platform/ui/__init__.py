"""What a person sees: the shell, and the generic pages of the two grammars.

A module *declares* its registers and documents (``screens.py``); the list, detail, entry grid, transitions, import,
export, look-ups and HTTP API come from here. A screen that fights its declaration gets an ordinary view instead.
"""
