#!/usr/bin/python3
"""What alerts are sent to: a webhook receiver, and an SMTP server that is nobody's of ours (aiosmtpd).

As a module: WebhookReceiver and MailServer, both context managers that collect what they got. As a program, for
tests in other languages: prints where it listens as one line of JSON, then each thing received as another before
it is answered; ends with whoever started it.

Needs Debian's python3-aiosmtpd, and so Debian's own interpreter.
"""

import argparse
import email
import email.policy
import http.server
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

HOST = "127.0.0.1"
ENDING = {signal.SIGTERM, signal.SIGINT}


def make_certificate(directory):
    """A self-signed one for this machine; its file is what clients have to trust."""
    directory = pathlib.Path(directory)
    certificate, key = directory / "receivers.pem", directory / "receivers.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=receivers",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class WebhookReceiver:
    """Takes every POST with 202, as Teams does, but for paths that say otherwise:

    /status/500 answers 500; /redirect leads to /elsewhere; /undelivered says 200 and that it failed.
    """

    def __init__(self, context=None, on_received=None):
        self.received = []
        self.lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                got = {"by": "webhook", "path": self.path, "type": self.headers.get("Content-Type"),
                       "body": json.loads(body)}
                with receiver.lock:
                    receiver.received.append(got)
                    if on_received:
                        on_received(got)
                self.answer()

            def answer(self):
                status, text = 202, b""
                if self.path.startswith("/status/"):
                    status = int(self.path.split("/")[2])
                elif self.path == "/redirect":
                    status = 302
                elif self.path == "/undelivered":
                    status, text = 200, b"Webhook message delivery failed with error: none"
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class MailServer:
    """`security`: "none", "starttls" (required), "tls". With `user` it takes mail after that login only.

    Recipients whose local part is "nobody" are refused.
    """

    def __init__(self, security="none", context=None, user=None, password=None, on_received=None):
        self.received = []
        self.lock = threading.Lock()
        self.on_received = on_received
        options = {}
        if user:
            def authenticate(_server, session, _envelope, _mechanism, login):
                good = isinstance(login, LoginPassword) and login == LoginPassword(user.encode(), password.encode())
                session.login_name = user if good else None
                return AuthResult(success=good, handled=good)

            options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
        if security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        elif security == "tls":
            options |= {"ssl_context": context}
        with socket.socket() as probe:  # the controller cannot choose a port itself
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]
        self.controller = Controller(self, hostname=HOST, port=self.port, **options)

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 nobody of that name here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        got = {"by": "mail", "from": envelope.mail_from, "to": envelope.rcpt_tos,
               "login": getattr(session, "login_name", None),
               "headers": {name.lower(): str(value) for name, value in message.items()},
               "names": [name for name, _ in message.items()],
               "defects": [str(defect) for defect in message.defects],
               "raw": envelope.original_content.decode("ascii"), "text": message.get_content()}
        with self.lock:
            self.received.append(got)
            if self.on_received:
                self.on_received(got)
        return "250 OK"

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_):
        self.controller.stop()


def tell(record):
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def main():
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # before any other thread
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", help="where to make a certificate; with it the webhook speaks HTTPS")
    parser.add_argument("--security", choices=["none", "starttls", "tls"], default="none")
    parser.add_argument("--user")
    parser.add_argument("--password")
    options = parser.parse_args()
    context = server_context(*make_certificate(options.directory)) if options.directory else None
    with WebhookReceiver(context, tell) as webhook, MailServer(
            options.security, context, options.user, options.password, tell) as mail:
        tell({"by": "start", "webhook_port": webhook.port, "smtp_port": mail.port})
        parent = os.getppid()
        while os.getppid() == parent and not signal.sigtimedwait(ENDING, 1):
            pass


if __name__ == "__main__":
    main()
