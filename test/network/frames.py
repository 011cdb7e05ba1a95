"""
Ethernet frames as a program with CAP_NET_RAW sends them, and who gets them. `send MAC IP IP6 GATEWAY GATEWAY6` sends one of
each kind to everybody on eth0; `listen SECONDS` prints the kinds that arrive. Each frame holds its kind as text.
"""
import ipaddress
import socket
import struct
import sys
import time

MARK = b"tinyctr:"
ALL = 3
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
raw.bind(("eth0", 0))


def ip(text):
    return ipaddress.ip_address(text).packed


def ethernet(source, kind, payload):
    return b"\xff" * 6 + source + struct.pack("!H", kind) + payload


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    return ~(total % 0xFFFF) & 0xFFFF


def ipv4(source, text):
    udp = struct.pack("!HHHH", 9, 9, 8 + len(text), 0) + text

    def header(check):
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, check) + ip(source) + b"\xff" * 4

    return header(checksum(header(0))) + udp


def ipv6(source, icmp):
    return struct.pack("!IHBB", 0x60000000, len(icmp), 58, 255) + ip(source) + ip("ff02::1") + icmp


def arp(mac, sender):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + mac + ip(sender) + b"\xff" * 6 + ip("0.0.0.0")


def send(mac, own, own6, gateway, gateway6):
    mac = bytes.fromhex(mac.replace(":", ""))
    foreign = b"\x02\x42\x0a\x0b\x0c\x0d"
    echo = struct.pack("!BBHHH", 128, 0, 0, 1, 1)
    advertisement = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + ip(gateway6)
    router = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    redirect = struct.pack("!BBHI", 137, 0, 0, 0) + ip(own6) * 2
    frames = [
        ("own", mac, 0x0800, lambda text: ipv4(own, text)),
        ("own-arp", mac, 0x0806, lambda text: arp(mac, own) + text),
        ("own6", mac, 0x86DD, lambda text: ipv6(own6, echo + text)),
        ("other-ip", mac, 0x0800, lambda text: ipv4("172.31.255.9", text)),
        ("gateway-ip", mac, 0x0800, lambda text: ipv4(gateway, text)),
        ("gateway-arp", mac, 0x0806, lambda text: arp(mac, gateway) + text),
        ("gateway-ip6", mac, 0x86DD, lambda text: ipv6(gateway6, echo + text)),
        ("gateway-nd", mac, 0x86DD, lambda text: ipv6(own6, advertisement + text)),
        ("router", mac, 0x86DD, lambda text: ipv6("fe80::1", router + text)),
        ("redirect", mac, 0x86DD, lambda text: ipv6("fe80::1", redirect + text)),
        ("foreign-mac", foreign, 0x0800, lambda text: ipv4(own, text)),
    ]
    for _ in range(3):
        for name, source, kind, payload in frames:
            raw.send(ethernet(source, kind, payload(MARK + name.encode() + b";")))
        time.sleep(0.02)


def listen(seconds):
    print("ready", flush=True)
    until = time.monotonic() + float(seconds)
    seen = set()
    while (left := until - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            frame, address = raw.recvfrom(2048)
        except TimeoutError:
            break
        if MARK in frame and address[2] != socket.PACKET_OUTGOING:
            seen.add(frame.split(MARK)[1].split(b";")[0].decode())
    print(" ".join(sorted(seen)))


{"send": send, "listen": listen}[sys.argv[1]](*sys.argv[2:])
