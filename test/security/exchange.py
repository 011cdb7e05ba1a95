"""usage: exchange.py A B: exchanges two names again and again with renameat2(2), until killed."""
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
a, b = (name.encode() for name in sys.argv[1:3])
print("racing", flush=True)
while True:
    libc.renameat2(-100, a, -100, b, 2)
