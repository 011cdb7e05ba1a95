"""Echoes over tcp, udp or sctp: `serve PROTOCOL ADDRESS PORT`, for a minute; `ask PROTOCOL ADDRESS PORT TEXT`."""
import signal
import socket
import sys
import time

role, protocol, address, port = sys.argv[1:5]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
number = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP, "sctp": 132}[protocol]
signal.alarm(60)


def new():
    made = socket.socket(family, kind, number)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made


def answer(text):
    return b"echo of " + text


def serve():
    server = new()
    server.bind((address, int(port)))
    if protocol != "udp":
        server.listen()
    print("ready", flush=True)
    while True:
        if protocol == "udp":
            text, peer = server.recvfrom(65536)
            server.sendto(answer(text), peer)
        else:
            client, _ = server.accept()
            client.sendall(answer(client.recv(65536)))
            client.close()


def ask():
    for _ in range(5):
        with new() as client:
            client.settimeout(1)
            try:
                client.connect((address, int(port)))
                client.send(sys.argv[5].encode())
                return client.recv(65536).decode()
            except OSError as error:
                said = error.strerror or str(error)
                time.sleep(0.05)
    return said


if role == "serve":
    serve()
else:
    print(ask())
