"""Who may do what, and where: users, roles, grants by org unit, sign-in, second factors, sessions and API keys.

三员分立 is a database constraint. A permission code that begins with ``system.``, ``security.`` or ``audit.`` belongs
to that administrator's duty, every other code to business; a role holds codes of its own duty only, and a user roles
of their own duty only.
"""
