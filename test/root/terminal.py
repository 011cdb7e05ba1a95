"""usage: terminal.py STEPS COMMAND...

Runs the command on a pseudo-terminal of its own. STEPS is JSON: ["expect", text], ["send", text],
["resize", rows, columns], ["signal", number], in order. Prints what the command wrote, then one line of JSON:
its exit code and whether it left the terminal's modes as they were.
"""
import fcntl, json, os, pty, select, struct, sys, termios, time

steps, command = json.loads(sys.argv[1]), sys.argv[2:]
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(master)
    os.execvp(command[0], command)

output, seen, deadline = b"", 0, time.time() + 30

def read_some():
    global output
    if time.time() > deadline:
        os.kill(child, 9)
        sys.exit("terminal.py: too long; so far: %r" % output)
    if select.select([master], [], [], 0.05)[0]:
        output += os.read(master, 65536)

for step in steps:
    if step[0] == "expect":
        while step[1].encode() not in output[seen:]:
            read_some()
        seen = output.index(step[1].encode(), seen) + len(step[1])
    elif step[0] == "send":
        os.write(master, step[1].encode())
    elif step[0] == "resize":
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", step[1], step[2], 0, 0))
    elif step[0] == "signal":
        os.kill(child, step[1])

while True:
    pid, status = os.waitpid(child, os.WNOHANG)
    read_some()
    if pid:
        break
read_some()
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
sys.stdout.buffer.write(output.replace(b"\r\n", b"\n"))
print("\n" + json.dumps({"code": code, "restored": termios.tcgetattr(slave) == before}))
