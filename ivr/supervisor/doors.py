"""Who may come in: the cookie, forms from our own pages only, and what browsers are told not to do."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Request, Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ivr.supervisor.logins import LASTS, Login, Logins

COOKIE = "ivr_desk"
View = Callable[..., Any]
_OWN = ("style", "script", "connect", "media", "img")
_POLICY = "; ".join(
    (
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        *(f"{each}-src 'self'" for each in _OWN),
    )
)


class Doors:
    """Lets people in, and keeps other sites out."""

    def __init__(self, logins: Logins, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._logins = logins
        self._secure = parts.scheme == "https"
        self._host = parts.netloc

    def needs(self, *roles: str) -> Callable[[View], View]:
        """Decorate a view: only these roles see it; others are asked to log in, or refused."""

        def decorate(view: View) -> View:
            @wraps(view)
            def guarded(*args: Any, **kwargs: Any) -> Any:
                login = self._logins.who(request.cookies.get(COOKIE, ""))
                if login is None:
                    if request.accept_mimetypes.best == "application/json":
                        abort(401)
                    return redirect(url_for("desk.log_in"))
                if login.role not in roles:
                    abort(403)
                g.login = login
                if request.method == "POST":
                    self.refuse_other_sites(request)
                    given = request.form.get("form_key", "")
                    if not hmac.compare_digest(given.encode(), login.form_key.encode()):
                        abort(400, "this form is too old: load the page again")
                return view(*args, **kwargs)

            return guarded

        return decorate

    def refuse_other_sites(self, asked: Request) -> None:
        """A form must come from a page of ours.  Browsers always send Origin with a form."""
        origin = urlsplit(asked.headers.get("Origin", "")).netloc
        if origin not in (self._host, asked.host):
            abort(403, "this form did not come from a page of this server")

    def let_in(self, answer: AnyResponse, secret: str) -> AnyResponse:
        """The cookie: unreadable for scripts, sent to us only, never from a link elsewhere."""
        answer.set_cookie(
            COOKIE,
            secret,
            max_age=int(LASTS.total_seconds()),
            path="/supervisor",
            secure=self._secure,
            httponly=True,
            samesite="Strict",
        )
        return answer


def with_headers(answer: Response) -> Response:
    """What a browser must not do with a page about people."""
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["X-Frame-Options"] = "DENY"
    if answer.mimetype in ("text/html", "application/json"):
        answer.headers["Cache-Control"] = "no-store"
    return answer


def who() -> Login:
    """Who asks for this page."""
    login: Login = g.login
    return login
