"""Preparing the machine and the project folder before anything is installed: standard library only."""
