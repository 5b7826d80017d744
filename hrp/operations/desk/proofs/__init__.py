"""What the desk proves of the contract, a file for each thing proved."""
