"""Runs a command to which the kernel says that it has no nf_tables: socket(AF_NETLINK, ..., NETLINK_NETFILTER) fails."""
import ctypes
import os
import struct
import sys

LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x50000, 0x7FFF0000
SOCKET = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
AF_NETLINK, NETLINK_NETFILTER, EPROTONOSUPPORT = 16, 12, 93
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2


def step(code, value, equal=0, other=0):
    return struct.pack("HBBI", code, equal, other, value)


program = b"".join([
    step(LOAD, 0), step(JUMP_IF_EQUAL, SOCKET, 0, 5),
    step(LOAD, 16), step(JUMP_IF_EQUAL, AF_NETLINK, 0, 3),
    step(LOAD, 32), step(JUMP_IF_EQUAL, NETLINK_NETFILTER, 0, 1),
    step(RETURN, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
    step(RETURN, SECCOMP_RET_ALLOW),
])


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("program", ctypes.c_char_p)]


prctl = ctypes.CDLL(None).prctl
prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(Filter(len(program) // 8, program))) != 0:
    sys.exit("Cannot set the filter")
os.execvp(sys.argv[1], sys.argv[1:])
