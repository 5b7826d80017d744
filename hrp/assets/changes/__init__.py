"""资产变更: cards split, joined, given another class, another place or keeper; handed over by scanning their labels."""
