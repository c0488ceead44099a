"""The pages behind a mail's links: survey and opting out. Only a POST changes anything."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Message

from bot.errors import UserMistake
from bot.parts import Parts
from bot.record_survey import find_survey, record_answer
from bot.refuse_mail import find_refusal, refuse_mail
from bot.texts import text
from bot.tokens import BadToken, Purpose, read
from bot.views import pages
from models import DatabaseBusy
from models.enums import Language

WAIT_SECONDS = 10  # for the writer; a person is waiting
HEADERS = {"Content-Security-Policy": pages.CONTENT_SECURITY_POLICY}


async def survey(parts: Parts, request: Request, body: bytes) -> Response:
    token = request.path_params["token"]
    if request.method != "POST":
        return await run_in_threadpool(show_survey, parts, token)
    form = await _form(request, body)
    return await run_in_threadpool(submit_survey, parts, token, form)


async def unsubscribe(parts: Parts, request: Request, body: bytes) -> Response:
    token = request.path_params["token"]
    if request.method != "POST":
        return await run_in_threadpool(show_refusal, parts, token)
    form = await _form(request, body)
    return await run_in_threadpool(submit_refusal, parts, token, form)


def show_survey(parts: Parts, token: str) -> Response:
    """The questions while the survey is open, else the page for links that lead nowhere."""
    now = parts.now()
    delivery_id = _delivery(parts, Purpose.SURVEY, token)
    with parts.database.reading() as session:
        found = find_survey(session, delivery_id, now) if delivery_id is not None else None
    if found is None:
        return _not_found()
    return _page(pages.survey_page(_frame(parts, found.language), {}))


def submit_survey(parts: Parts, token: str, form: Mapping[str, str]) -> Response:
    """Thanks once the answer is stored; the form again when the required question is open."""
    delivery_id = _delivery(parts, Purpose.SURVEY, token)
    if delivery_id is None:
        return _not_found()
    with parts.database.reading() as session:
        found = find_survey(session, delivery_id, parts.now())
    if found is None:
        return _not_found()
    frame = _frame(parts, found.language)
    try:
        with parts.database.writing(wait=WAIT_SECONDS) as session:
            is_open = record_answer(session, delivery_id, form, parts.now())
    except UserMistake as mistake:
        error = text(mistake.key, found.language, **mistake.values)
        return _page(pages.survey_page(frame, form, error), 400)
    except DatabaseBusy:
        return _page(pages.busy_page(frame), 503)
    return _page(pages.thanks_page(frame)) if is_open else _not_found()


def show_refusal(parts: Parts, token: str) -> Response:
    """The button; or, for an address that gets no mail any more, that it is so."""
    delivery_id = _delivery(parts, Purpose.UNSUBSCRIBE, token)
    with parts.database.reading() as session:
        found = find_refusal(session, delivery_id) if delivery_id is not None else None
    if found is None:
        return _not_found()
    draw = pages.refused_page if found.is_refused else pages.refuse_page
    return _page(draw(_frame(parts, found.language), found.email))


def submit_refusal(parts: Parts, token: str, form: Mapping[str, str]) -> Response:
    """Opt out, by the page's button or by a mail program's one click (RFC 8058)."""
    delivery_id = _delivery(parts, Purpose.UNSUBSCRIBE, token)
    if delivery_id is None:
        return _not_found()
    is_one_click = form.get("List-Unsubscribe") == "One-Click"
    with parts.database.reading() as session:
        found = find_refusal(session, delivery_id)
    frame = _frame(parts, found.language if found else parts.config.language_default)
    if not is_one_click and form.get("confirm") != "yes":
        return _page(pages.not_understood_page(frame), 400)
    try:
        with parts.database.writing(wait=WAIT_SECONDS) as session:
            refuse_mail(session, delivery_id, parts.now())  # stamped while the writer is held
    except DatabaseBusy:
        return _page(pages.busy_page(frame), 503)
    if is_one_click:
        return PlainTextResponse("OK")
    return _page(pages.refused_page(frame, found.email if found else ""))


def _delivery(parts: Parts, purpose: Purpose, token: str) -> int | None:
    try:
        return read(purpose, token, parts.config)
    except BadToken:
        return None


def _frame(parts: Parts, language: Language) -> pages.Frame:
    return pages.Frame(language, parts.config.mail_from_name, parts.config.privacy_policy_url)


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, HEADERS)


def _not_found() -> Response:
    return _page(pages.not_found_page(), 404)


async def _form(request: Request, body: bytes) -> dict[str, str]:
    """The form's text fields. Raises HTTPException 400 when it is none."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/"):
        try:
            return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=50))
        except ValueError as error:
            raise HTTPException(400) from error

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async with Request(request.scope, receive).form(max_files=0, max_fields=50) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}
