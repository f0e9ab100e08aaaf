"""`Transport`: carries requests over urllib3, the only module that loads it.

Connections are kept and shared by all threads. Redirects are followed; credentials stay with the origin they are for.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from socket import SHUT_RDWR
from threading import Lock
from urllib.parse import unquote, urljoin, urlsplit
from weakref import WeakSet

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection

from stagemill.errors import RegistryError
from stagemill.registry.certificates import Certificates
from stagemill.registry.config import HostSettings
from stagemill.registry.exchange import REDIRECTS, Payload, Request, Response, TransportError
from stagemill.registry.proxies import Proxies

_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 30.0
_CONNECTIONS = 16
_MOST_REDIRECTS = 5
_DRAINED = 1 << 16
_ENDED = "the connection was ended here"


class Transport:
    """Sends requests; `settings` gives a host's certificates. After `close` nothing is sent, and no stream goes on."""

    def __init__(self, *, user_agent: str, proxies: Proxies, settings: Callable[[str], HostSettings]) -> None:
        self._user_agent = user_agent
        self._proxies = proxies
        self._settings = settings
        self._lock = Lock()
        self._pools: dict[tuple[Certificates, bool, str, bool], urllib3.PoolManager] = {}
        self._open: set[HttpResponse] = set()
        self._connections: WeakSet[HTTPConnection] = WeakSet()
        self._closed = False

    def send(self, request: Request, *, answered: Response | None = None) -> Response:
        """The answer, whatever its status. Raises TransportError where there is none. With `answered` one has come already."""
        for _ in range(_MOST_REDIRECTS + 1):
            response, answered = answered or self._once(request), None
            location = response.header("Location")
            if response.status not in REDIRECTS or not location:
                return response
            response.close()
            request = _redirected(request, location)
        raise TransportError(f"redirects more than {_MOST_REDIRECTS} times", again=False)

    def close(self) -> None:
        """Ends all connections; whoever reads from one, or waits for an answer, gets a TransportError."""
        with self._lock:
            self._closed = True
            still_open, pools = list(self._open), list(self._pools.values())
            connections = list(self._connections)
        for response in still_open:
            response.interrupt()
        for connection in connections:
            _interrupt(connection)
        for pool in pools:
            pool.clear()

    def forget(self, response: HttpResponse) -> bool:
        """For responses that are closed; whether their connection may be used again."""
        with self._lock:
            self._open.discard(response)
            return not self._closed

    def _once(self, request: Request) -> HttpResponse:
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", **request.headers}
        content: bytes | Iterable[bytes] | None
        if isinstance(request.body, Payload):
            headers["Content-Length"] = str(request.body.size)
            content = request.body.open()
        else:
            content = request.body
        try:
            raw = self._pool(request.url).request(
                request.method,
                request.url,
                body=content,
                headers=headers,
                timeout=_timeout(request.patience),
                preload_content=False,
                decode_content=False,
                redirect=False,
                retries=False,
            )
        except exceptions.HTTPError as error:
            raise explain(error) from error
        response = HttpResponse(raw, request.url, self)
        with self._lock:
            self._open.add(response)
            closed = self._closed
        if closed:
            response.close()
            raise TransportError(_ENDED, again=False)
        return response

    def _pool(self, url: str) -> urllib3.PoolManager:
        settings = self._settings(urlsplit(url).netloc)
        proxy = self._proxies.for_url(url)
        secure = "https" in {urlsplit(url).scheme, _scheme(proxy)}
        key = (settings.certificates, settings.insecure, proxy, secure)
        with self._lock:
            if self._closed:
                raise TransportError(_ENDED, again=False)
            if key not in self._pools:
                made = self._pools[key] = _make_pool(proxy, _context(settings) if secure else None)
                made.pool_classes_by_scheme = {
                    "http": _told(urllib3.HTTPConnectionPool, self._begin),
                    "https": _told(urllib3.HTTPSConnectionPool, self._begin),
                }
            return self._pools[key]

    def _begin(self, connection: HTTPConnection) -> None:
        """For connections on which a request is made next."""
        with self._lock:
            self._connections.add(connection)
            if self._closed:
                raise TransportError(_ENDED, again=False)


class HttpResponse:
    """A urllib3 response as our protocol wants it."""

    def __init__(self, raw: urllib3.BaseHTTPResponse, url: str, transport: Transport) -> None:
        self.url = url
        self._raw = raw
        self._transport = transport

    @property
    def status(self) -> int:
        return self._raw.status

    def header(self, name: str) -> str:
        return self._raw.headers.get(name, "")

    def read(self, size: int, /) -> bytes:
        try:
            return self._raw.read1(size, decode_content=False)  # what has come, so that slow ones are seen to be slow
        except exceptions.HTTPError as error:
            raise explain(error) from error
        except (OSError, ValueError) as error:
            raise TransportError(f"the connection broke: {error}", again=True) from error

    def close(self) -> None:
        """Ends the answer; its connection serves again where little of the body was left."""
        if self._transport.forget(self) and self._is_nearly_read():
            self._raw.drain_conn()
        self._raw.close()
        self._raw.release_conn()

    def _is_nearly_read(self) -> bool:
        left = self._raw.length_remaining if isinstance(self._raw, urllib3.HTTPResponse) else None
        return left is not None and left <= _DRAINED

    def interrupt(self) -> None:
        """Ends a read that another thread is in."""
        try:
            self._raw.shutdown()
        except (OSError, ValueError, RuntimeError):
            return  # it ended by itself


def explain(error: exceptions.HTTPError) -> TransportError:
    """What went wrong, in words for people."""
    match error:
        case exceptions.ProxyError():
            inner = error.original_error
            reason = explain(inner).reason if isinstance(inner, exceptions.HTTPError) else str(inner)
            hint = "check http_proxy, https_proxy and no_proxy"
            return TransportError(f"the proxy does not work: {reason}", again=False, hint=hint)
        case exceptions.NameResolutionError():
            return TransportError("no such host", again=False)
        case exceptions.ConnectTimeoutError() if not isinstance(error, exceptions.NewConnectionError):
            return TransportError(f"no answer within {_CONNECT_TIMEOUT:.0f} seconds", again=True)
        case exceptions.NewConnectionError():
            cause = error.__cause__
            reason = (isinstance(cause, OSError) and cause.strerror) or str(error)
            return TransportError(reason[:1].lower() + reason[1:], again=not isinstance(cause, ConnectionRefusedError))
        case exceptions.ReadTimeoutError():
            return TransportError(_silence(error), again=True)
        case exceptions.SSLError():
            return _certificate(str(error))
        case exceptions.ProtocolError():
            return TransportError("the connection broke off", again=True)
        case _:
            return TransportError(str(error) or type(error).__name__, again=False)


def _silence(error: exceptions.ReadTimeoutError) -> str:
    """How long nothing came, as far as the error tells: it has the number of seconds in its words only."""
    seconds = re.search(r"read timeout=([0-9.]+)", str(error))
    return f"it sent nothing for {float(seconds[1]) if seconds else _READ_TIMEOUT:.0f} seconds"


def _certificate(text: str) -> TransportError:
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text:
        return TransportError("it does not speak https", again=False, hint="insecure = true in config.toml allows http")
    if "CERTIFICATE_VERIFY_FAILED" not in text:
        return TransportError(f"https failed: {text}", again=True)
    why = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "unknown reason"
    hint = 'name the certificates of its authority in config.toml: ca = "file.pem"'
    return TransportError(f"its certificate is not trusted: {why}", again=False, hint=hint)


def _redirected(request: Request, location: str) -> Request:
    url = urljoin(request.url, location)
    old, new = urlsplit(request.url), urlsplit(url)
    if new.scheme not in {"http", "https"} or not new.hostname:
        raise TransportError(f"redirects to {location!r}", again=False)
    if (old.scheme, old.netloc) == (new.scheme, new.netloc):
        return replace(request, url=url)
    if request.secret:
        raise TransportError(f"it sends a secret on to {new.netloc}", again=False)
    headers = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    return replace(request, url=url, headers=headers)


def _context(settings: HostSettings) -> ssl.SSLContext:
    """Whom to trust. It takes a while to read the machine's certificates, so plain http goes without."""
    context = ssl.create_default_context()
    for ca in settings.certificates.cas:
        try:
            context.load_verify_locations(cafile=ca)
        except OSError as error:
            message = f"cannot read the certificates in {ca}: {error.strerror or error}"
            hint = "it has to be a file in PEM form: `ca` in config.toml, or NAME.crt in a directory of certificates"
            raise RegistryError(message, hint=hint) from error
    for pair in settings.certificates.pairs:
        try:
            context.load_cert_chain(pair.cert, pair.key, password=_no_password)
        except OSError as error:
            message = f"cannot use {pair.cert} with the key {pair.key}: {error.strerror or error}"
            hint = "they have to be in PEM form, belong together, and the key must not need a password"
            raise RegistryError(message, hint=hint) from error
    if settings.insecure:
        urllib3.disable_warnings(exceptions.InsecureRequestWarning)  # config.toml asks for it: no news to anybody
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _no_password() -> str:
    """Keys are used without asking anybody: OpenSSL would ask the terminal."""
    return ""


def _timeout(patience: float | None) -> urllib3.Timeout:
    return urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=_READ_TIMEOUT if patience is None else patience)


def _make_pool(proxy: str, context: ssl.SSLContext | None) -> urllib3.PoolManager:
    if not proxy:
        return urllib3.PoolManager(maxsize=_CONNECTIONS, ssl_context=context)
    try:
        return urllib3.ProxyManager(
            _without_login(proxy),
            maxsize=_CONNECTIONS,
            ssl_context=context,
            proxy_headers=_proxy_login(proxy),
        )
    except (exceptions.HTTPError, ValueError) as error:
        raise _unusable(error) from error


def _told(
    pool: type[urllib3.HTTPConnectionPool], begin: Callable[[HTTPConnection], None]
) -> type[urllib3.HTTPConnectionPool]:
    """A pool that tells of a connection before each request."""

    def told(self: urllib3.HTTPConnectionPool, connection: HTTPConnection) -> None:
        pool._validate_conn(self, connection)  # noqa: SLF001 - urllib3 calls it once it has connected, or is about to
        begin(connection)

    return type(pool.__name__, (pool,), {"_validate_conn": told})


def _interrupt(connection: HTTPConnection) -> None:
    """Whoever waits for its answer hears that it is over."""
    with suppress(OSError):  # it has ended by itself
        if talking := connection.sock:
            talking.shutdown(SHUT_RDWR)


def _scheme(proxy: str) -> str:
    try:
        return urlsplit(proxy).scheme
    except ValueError as error:
        raise _unusable(error) from error


def _unusable(error: Exception) -> RegistryError:
    hint = "check http_proxy and https_proxy: want http://host:port"
    return RegistryError(f"the proxy cannot be used: {error}", hint=hint)


def _without_login(proxy: str) -> str:
    parts = urlsplit(proxy)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _proxy_login(proxy: str) -> dict[str, str] | None:
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    return dict(urllib3.make_headers(proxy_basic_auth=unquote(login))) if login else None
