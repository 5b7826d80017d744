"""Sign-in, sessions, lockout and second factors."""

AUTH_USER_MODEL = "access.User"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"
