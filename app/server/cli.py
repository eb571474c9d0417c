"""The command `optiscope`: without a subcommand it serves the app."""

import argparse
import contextlib
import errno
import os
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from app.export.about import version
from app.server import commands, environment, mapping, streams, sweeping

INTERRUPTED = 130
"""The exit status after Ctrl+C, as in shells."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit status."""
    streams.open_missing()
    try:
        return _run(argv)
    except streams.Unwritable as error:
        streams.complain(f"optiscope: cannot write to standard output: {error}.")
        return commands.FAILED
    except BrokenPipeError:  # the reader of the output has closed it
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(argv)
    except SystemExit:  # help and version have been printed
        streams.emit(end="")
        raise
    status: int = arguments.run(arguments)
    return status


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = commands.Parser(
        prog="optiscope",
        description="Watch optimizers race down loss surfaces in the browser. Ctrl+C stops the server. "
        "Without a command it serves the app; the other commands write files without a browser.",
    )
    parser.add_argument("--version", action="version", version=f"optiscope {version()}")
    _add_serve_options(parser)
    parser.set_defaults(run=serve, **_served(), data=[], browser=None)  # a subcommand sets its own
    subparsers = parser.add_subparsers(
        title="commands", metavar="", dest="command", prog="optiscope", parser_class=commands.Parser
    )
    serving = subparsers.add_parser("serve", help="serve the app, as without a command")
    _add_serve_options(serving)
    serving.set_defaults(run=serve)
    commands.add_to(subparsers)
    mapping.add_to(subparsers)
    sweeping.add_to(subparsers)
    return parser


def _served() -> dict[str, str]:
    """The default port and address."""
    port, address = (os.environ.get(f"STREAMLIT_SERVER_{name}") for name in ("PORT", "ADDRESS"))
    return {"port": port or "8501", "address": address or "127.0.0.1"}


def _add_serve_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the server, without defaults: those of `serve` would replace options before that word."""
    served = _served()
    parser.add_argument(
        "--port",
        type=_port,
        metavar="N",
        default=argparse.SUPPRESS,
        help=f"port to serve on (default: {served['port']})",
    )
    parser.add_argument(
        "--address",
        default=argparse.SUPPRESS,
        help=f"address to serve on (default: {served['address']}; 127.0.0.1 serves this machine only, 0.0.0.0 "
        "the whole network)",
    )
    parser.add_argument(
        "--data",
        action="extend",
        nargs="+",
        default=argparse.SUPPRESS,
        metavar="FILE",
        help="data for the Network page: .npz files, .csv files, or two or four IDX files (images and labels, of "
        "training and test samples)",
    )
    browser = parser.add_mutually_exclusive_group()
    browser.add_argument(
        "--browser",
        action="store_true",
        default=argparse.SUPPRESS,
        help="open the page in a browser (default: if there is a display)",
    )
    browser.add_argument(
        "--headless",
        action="store_false",
        dest="browser",
        default=argparse.SUPPRESS,
        help="do not open a browser; only print the address",
    )


def serve(arguments: argparse.Namespace) -> int:
    """Serve the app until it is stopped, as `streamlit run app/main.py` would."""
    address: str = arguments.address
    port: int = arguments.port
    objection = _address_objection(address, port) or _data_objection(arguments.data)
    if objection:
        streams.complain(f"optiscope: {objection}")
        return 1

    environment.prepare()
    import click  # comes with Streamlit, whose command is built on it
    from streamlit.web import cli as streamlit  # the entry point of the command `streamlit`

    url = _url(address, port)
    with contextlib.suppress(streams.Unwritable, BrokenPipeError):  # the page is served anyway
        streams.emit(f"Optiscope runs at {url} (Ctrl+C stops it)")
    if _has_screen() if arguments.browser is None else arguments.browser:
        threading.Thread(target=_open_when_ready, args=(url, port), daemon=True).start()

    settings = {
        "server.address": address,
        "server.port": port,
        "server.fileWatcherType": "none",  # `streamlit run app/main.py` follows edits, for developers
        "logger.hideWelcomeMessage": "true",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    # click turns Ctrl+C into an exception of its own
    with contextlib.suppress(KeyboardInterrupt, click.exceptions.Abort):
        streamlit.main(["run", str(Path(__file__).parents[1] / "main.py"), *options], standalone_mode=False)
    return 0


def _data_objection(paths: Sequence[str]) -> str | None:
    """Return a sentence on what is wrong with the data files, or None if they can be read."""
    if not paths:
        return None
    environment.prepare()
    from app.common.racers import Refused
    from app.network import files

    resolved = [Path(path).resolve() for path in paths]
    try:
        files.read(resolved)
    except Refused as refusal:
        return str(refusal)
    os.environ[files.VARIABLE] = os.pathsep.join(map(str, resolved))  # for the pages, which run in this process
    return None


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() and len(text) <= 5 else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a whole number from 1 to 65535; got {text!r}")
    return port


def _address_objection(address: str, port: int) -> str | None:
    """Return a sentence on why the server cannot listen there, or None if it can."""
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if os.name == "posix":  # a port that a stopped server has just left is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            return (
                f"port {port} is in use by another program. Stop it, or choose another port: optiscope --port {other}"
            )
        if error.errno == errno.EACCES:
            return f"port {port} is reserved by the system. Choose a port of 1024 or above with --port."
        return (
            f"cannot serve on the address {address!r} ({error.strerror}). Choose an address of this machine with "
            "--address."
        )
    return None


def _url(address: str, port: int) -> str:
    """Return the address that a browser on this machine can open."""
    if address in {"127.0.0.1", "::1", "0.0.0.0", "::"}:
        address = "localhost"
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _has_screen() -> bool:
    """Return whether a browser would open a window, rather than take over the terminal or fail."""
    return sys.platform in {"darwin", "win32"} or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open_when_ready(url: str, port: int, patience: float = 60.0) -> None:
    """Open a browser as soon as the server answers; give up after `patience` seconds."""
    host = url.removeprefix("http://").rsplit(":", 1)[0].strip("[]")
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            socket.create_connection((host, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.1)
        else:
            webbrowser.open(url)
            return
