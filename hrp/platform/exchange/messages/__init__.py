"""Messages to and from the systems of partners: stored before they leave, tried again, never taken twice.

``outbound`` writes a message down in the caller's transaction and has the worker deliver it; ``inbound`` takes what a
partner sends to the handler of its kind. Both ends sign with the partner's secret (:mod:`hrp.platform.notify.signing`).
"""
