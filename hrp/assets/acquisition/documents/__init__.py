"""Documents of acquisition, in the order of a machine's way into the house, with the facts that stand beside them."""
