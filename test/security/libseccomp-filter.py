"""Compiles the OCI seccomp profile on stdin with libseccomp, rule by rule as runc does; writes
{unknown, refused, milliseconds, filter}.

A rule that libseccomp refuses (it has an equal one with another action) makes `refused` true.
"""
import ctypes, json, sys, tempfile, time

lib = ctypes.CDLL("libseccomp.so.2")
lib.seccomp_init.restype = ctypes.c_void_p


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


ACTIONS = {
    "KILL": 0, "KILL_THREAD": 0, "KILL_PROCESS": 0x80000000, "TRAP": 0x30000, "ERRNO": 0x50000,
    "TRACE": 0x7FF00000, "ALLOW": 0x7FFF0000, "LOG": 0x7FFC0000, "NOTIFY": 0x7FC00000,
}
OPERATORS = {"NE": 1, "LT": 2, "LE": 3, "EQ": 4, "GE": 5, "GT": 6, "MASKED_EQ": 7}


def action(name, errno):
    value = ACTIONS[name.removeprefix("SCMP_ACT_")]
    return value | (1 if errno is None else errno) if value in (0x50000, 0x7FF00000) else value


profile = json.load(sys.stdin)
started = time.perf_counter()
default = action(profile["defaultAction"], profile.get("defaultErrnoRet"))
context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(default)))
unknown, refused = [], False
for name in profile.get("architectures") or []:
    token = lib.seccomp_arch_resolve_name(name.removeprefix("SCMP_ARCH_").lower().encode())
    status = lib.seccomp_arch_add(context, ctypes.c_uint32(token))
    assert status in (0, -17), (name, status)
for rule in profile.get("syscalls") or []:
    value = action(rule["action"], rule.get("errnoRet"))
    if value == default:
        continue
    conditions = [
        Comparison(a["index"], OPERATORS[a["op"].removeprefix("SCMP_CMP_")], a["value"], a.get("valueTwo") or 0)
        for a in rule.get("args") or []
    ]
    repeated = len({c.arg for c in conditions}) < len(conditions)
    for name in rule["names"]:
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1:
            unknown.append(name)
            continue
        for group in [[c] for c in conditions] if repeated else [conditions]:
            array = (Comparison * len(group))(*group)
            status = lib.seccomp_rule_add_array(context, ctypes.c_uint32(value), number, len(group), array)
            refused = refused or status != 0
with tempfile.TemporaryFile() as file:
    status = lib.seccomp_export_bpf(context, file.fileno())
    assert status == 0, status
    milliseconds = (time.perf_counter() - started) * 1000
    file.seek(0)
    result = {"unknown": unknown, "refused": refused, "milliseconds": milliseconds, "filter": file.read().hex()}
    print(json.dumps(result))
