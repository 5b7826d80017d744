"""Pure rules of the organisation: calendar arithmetic, trees, pinyin keys."""
