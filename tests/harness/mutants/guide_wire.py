"""Mutants of the guide peer that mistake what came over the wire, or trust too much; and closes.

The rule that must stay true is that of `guide_reading`. What these get wrong is the conversation:
failures that look like success, answers that never come, a token that goes where it must not.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import sys
import urllib.error
import urllib.request
from typing import Any

#: OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for.
NO_CHECK_TIME = 0x200000


def errors_swallowed(guide: Any) -> None:
    poll = guide.Connector.poll

    def always_well(self: Any) -> Any:
        try:
            return poll(self)
        except guide.AnswerError as error:
            print(f"poll failed, will try again: {error}", file=sys.stderr)
            return {"created": 0, "updated": 0}

    guide.Connector.poll = always_well


def nonsense_is_empty(guide: Any) -> None:
    decoded = guide.Answer.decoded
    guide.Answer.decoded = lambda answer: decoded(answer) or []


def redirect_is_empty(guide: Any) -> None:
    _empty_instead(guide, lambda status: 300 <= status < 400)


def refusal_is_empty(guide: Any) -> None:
    """Takes a refused token for a list in which it may see nothing."""
    _empty_instead(guide, lambda status: status == 403)


def server_error_is_empty(guide: Any) -> None:
    _empty_instead(guide, lambda status: status >= 500)


def too_many_requests_end_the_list(guide: Any) -> None:
    """Takes 429 for the end of the list."""
    _empty_instead(guide, lambda status: status == 429)


def refusal_ends_the_list(guide: Any) -> None:
    """Takes 403 on a later page for the end of the list."""
    page = guide.Connector.page

    def lenient(self: Any, number: int, *, until: float) -> Any:
        try:
            return page(self, number, until=until)
        except guide.AnswerError as error:
            if number > 1 and error.error["data"].get("http_status") == 403:
                return []
            raise

    guide.Connector.page = lenient


def closed_before_it_was_sent(guide: Any) -> None:
    """Closes the incident first, and takes a closed incident for one whose alert is closed."""
    ask = guide.Connector.ask

    def early(self: Any, method: str, target: str, body: Any, *, until: float) -> Any:
        if method == "POST":
            self.desk.close(guide.json.loads(body)["id"])
        return ask(self, method, target, body, until=until)

    guide.Connector.ask = early


def token_among_the_data(guide: Any) -> None:
    """Keeps its settings in a file beside the incidents."""
    init = guide.Connector.__init__

    def saving(self: Any, kuma: dict[str, Any], state_dir: str, deadline_seconds: float) -> None:
        init(self, kuma, state_dir, deadline_seconds)
        with (guide.Path(state_dir) / "settings.json").open("w", encoding="utf-8") as file:
            guide.json.dump(kuma, file)

    guide.Connector.__init__ = saving


def _empty_instead(guide: Any, applies: Any) -> None:
    ask = guide.Kuma.ask

    def lenient(self: Any, method: str, *call: Any, seconds: float) -> Any:
        answer = ask(self, method, *call, seconds=seconds)
        empty = method == "GET" and applies(answer.status)
        return guide.Answer(200, 0.0, b"[]") if empty else answer

    guide.Kuma.ask = lenient


def lost_connection_is_empty(guide: Any) -> None:
    _lost_is_empty(guide, "RemoteDisconnected", "ConnectionResetError")


def closed_door_is_empty(guide: Any) -> None:
    """Takes a KUMA that cannot be reached for one that has nothing to say."""
    _lost_is_empty(guide, "ConnectionRefusedError")


def _lost_is_empty(guide: Any, *kinds: str) -> None:
    ask = guide.Kuma.ask

    def lenient(self: Any, method: str, *call: Any, seconds: float) -> Any:
        try:
            return ask(self, method, *call, seconds=seconds)
        except guide.AnswerError as error:
            if method == "GET" and any(kind in str(error) for kind in kinds):
                return guide.Answer(200, 0.0, b"[]")
            raise

    guide.Kuma.ask = lenient


def broken_connection_kills(guide: Any) -> None:
    """Lets an exception through that nobody catches."""
    ask = guide.Kuma.ask

    def fragile(self: Any, *call: Any, seconds: float) -> Any:
        try:
            return ask(self, *call, seconds=seconds)
        except guide.AnswerError as error:
            if "RemoteDisconnected" in str(error) or "ConnectionReset" in str(error):
                raise SystemExit("unhandled exception") from None
            raise

    guide.Kuma.ask = fragile


def no_time_out(guide: Any) -> None:
    guide.hard_limit = lambda _seconds: contextlib.nullcontext()


def retry_after_ignored(guide: Any) -> None:
    guide.Desk.silence = lambda _desk: 0.0


def retry_storm(guide: Any) -> None:
    """Tries again at once, as often as time allows."""
    ask = guide.Kuma.ask

    def stubborn(self: Any, *call: Any, seconds: float) -> Any:
        ends = guide.time.monotonic() + seconds
        while guide.time.monotonic() < ends:
            with contextlib.suppress(guide.AnswerError):
                answer = ask(self, *call, seconds=ends - guide.time.monotonic())
                if answer.status < 500:
                    return answer
        raise guide.AnswerError("KUMA keeps failing", retryable=True)

    guide.Kuma.ask = stubborn


def redirect_with_token(guide: Any) -> None:
    """Uses a client that follows a redirect to wherever it leads, with all headers."""

    def follow(self: Any, method: str, target: str, body: Any, *, seconds: float) -> Any:
        tls = isinstance(self.line, http.client.HTTPSConnection)
        context = self.line._context if tls else None
        url = f"http{'s' if tls else ''}://{self.line.host}:{self.line.port}{target}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = body and body.encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds, context=context) as answer:
                return guide.Answer(answer.status, 0.0, answer.read())
        except urllib.error.HTTPError as error:
            wait = guide.seconds_of(error.headers.get("Retry-After", ""))
            return guide.Answer(error.code, wait, error.read())
        except (OSError, http.client.HTTPException) as error:
            raise guide.AnswerError(type(error).__name__, retryable=True) from None

    guide.Kuma.ask = follow


def anybody_trusted(guide: Any) -> None:
    def careless(context: ssl.SSLContext) -> None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE

    _tls(guide, careless)


def any_host_trusted(guide: Any) -> None:
    """Asks who signed the certificate, and not for whom."""

    def careless(context: ssl.SSLContext) -> None:
        context.check_hostname = False

    _tls(guide, careless)


def expired_trusted(guide: Any) -> None:
    def careless(context: ssl.SSLContext) -> None:
        context.verify_flags |= NO_CHECK_TIME

    _tls(guide, careless)


def _tls(guide: Any, change: Any) -> None:
    make = ssl.create_default_context

    def careless(cafile: str | None = None) -> ssl.SSLContext:
        context = make(cafile=cafile)
        change(context)
        return context

    guide.ssl.create_default_context = careless


def token_in_log(guide: Any) -> None:
    ask = guide.Kuma.ask

    def chatty(self: Any, method: str, target: str, *rest: Any, seconds: float) -> Any:
        print(f"{method} {target} Bearer {self.token}", file=sys.stderr, flush=True)
        return ask(self, method, target, *rest, seconds=seconds)

    guide.Kuma.ask = chatty


def token_in_url(guide: Any) -> None:
    ask = guide.Kuma.ask

    def open_letter(self: Any, method: str, target: str, *rest: Any, seconds: float) -> Any:
        mark = "&" if "?" in target else "?"
        return ask(self, method, f"{target}{mark}token={self.token}", *rest, seconds=seconds)

    guide.Kuma.ask = open_letter


def one_reason_for_all(guide: Any) -> None:
    reasons = dict.fromkeys(guide.REASONS, "responded")
    guide.ABILITIES["reasons"] = dict(guide.REASONS)
    guide.REASONS.update(reasons)


def already_closed_is_a_failure(guide: Any) -> None:
    guide.CLOSED.discard((406, "alert already closed"))


def any_406_is_closed(guide: Any) -> None:
    guide.CLOSED.add((406, "tenant disabled"))


def close_failure_hidden(guide: Any) -> None:
    """Closes the incident whatever KUMA said, and reports success."""
    close = guide.Connector.close

    def hidden(self: Any, alert_id: str, reason: str) -> Any:
        try:
            return close(self, alert_id, reason)
        except guide.AnswerError as error:
            if error.error["code"] != 1:
                raise
            self.desk.close(alert_id)
            return {}

    guide.Connector.close = hidden


def another_alert_closed(guide: Any) -> None:
    """Closes the alert of the last open incident, whichever was meant."""
    close = guide.Connector.close

    def last(self: Any, alert_id: str, reason: str) -> Any:
        open_ones = [row["alert_id"] for row in self.desk.incidents() if row["status"] == "open"]
        return close(self, open_ones[-1] if open_ones else alert_id, reason)

    guide.Connector.close = last
