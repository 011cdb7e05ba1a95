"""Servers for tests of networks: answers with `word` to every TCP connection and UDP packet on `port`.

usage: servers.py ADDRESS PORT WORD       an echo of the peer's address and WORD, over TCP and UDP
       servers.py ADDRESS dns NAME IP     a resolver that knows one name
"""
import os
import signal
import socket
import sys

# A test that is killed leaves nothing behind for longer.
LONGEST_TEST_SECONDS = 600
address, port, word = sys.argv[1:4]


def answer(query: bytes, name: str, ip: str) -> bytes:
    asked, end = [], 12
    while query[end]:
        asked.append(query[end + 1 : end + 1 + query[end]].decode())
        end += 1 + query[end]
    kind = int.from_bytes(query[end + 1 : end + 3], "big")
    known = ".".join(asked) == name and kind == 1
    header = query[:2] + bytes([0x85, 0x80, 0, 1, 0, int(known), 0, 0, 0, 0])
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + socket.inet_aton(ip)
    return header + query[12 : end + 5] + (record if known else b"")


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((address, 53 if port == "dns" else int(port)))
tcp = socket.create_server((address, 53 if port == "dns" else int(port)))
if os.fork():
    os._exit(0)
os.setsid()
null = os.open("/dev/null", os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
child = os.fork()
signal.alarm(LONGEST_TEST_SECONDS)
if child:
    while True:
        data, peer = udp.recvfrom(2048)
        udp.sendto(answer(data, word, sys.argv[4]) if port == "dns" else f"{word}\n".encode(), peer)
while True:
    connection, peer = tcp.accept()
    connection.sendall(f"{word} {peer[0]}\n".encode())
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)
    connection.close()
