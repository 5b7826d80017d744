"""Paper in and paper out: spreadsheets, PDF, Word, bar codes, and the files people download.

Everything here serves the modules above and knows none of them: a module declares a :class:`SheetSpec` or hands over
a dictionary, and this app reads, checks, draws and keeps it. Documents: none. Registers: :class:`ImportRun` (what was
imported, by whom, from which file), :class:`ExportFile` (what waits in the 下载中心), :class:`Partner` and
:class:`Message` (which other systems we call, and what each must be told).
"""
