"""Verbs of the duty room: laying the rota, swapping, paging, handing over, checking counterparts."""
