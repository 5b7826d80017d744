"""标签: what is printed and stuck on goods, bins, cards and packs, as PDF or as ZPL for the label printer itself.

The room knows no goods: whoever has things to label declares a kind of label (``kinds.register``).
"""
