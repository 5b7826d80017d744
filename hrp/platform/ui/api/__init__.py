"""The HTTP API at ``/api/v1/``: every declared document and register, through the same services as the pages."""
