"""The subledger of pieces: what happened to each (``events``), what its code says (``labels``), how pieces follow the
movements of stock (``following``) and what suppliers' goods are in our cabinets (``memo``)."""
