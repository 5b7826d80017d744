"""The tables of 在建工程 beside its documents."""

from hrp.assets.construction.models.projects import Project, ProjectCard, ProjectMove

__all__ = ["Project", "ProjectCard", "ProjectMove"]
