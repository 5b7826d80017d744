"""How a run reads the month, computes it and writes it down: the only code that writes the tables of ``models.facts``."""
