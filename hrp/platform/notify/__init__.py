"""Messages to people: the bell in the application, e-mail, and whatever channel a module or a hospital adds.

A message is written in the caller's transaction and delivered by one job per channel, so that a dead mail server
delays e-mail and nothing else.
"""
