/**
 * Causes of failures at terminals and sockets. Sources: ioctl_tty(2), unix(7), connect(2), netdevice(7), dup(2);
 * drivers/tty/tty_jobctrl.c, tiocsctty().
 */
import type { Causes } from './cause.ts'

export const TERMINAL_CAUSES: Causes = {
  ioctl: [
    {
      errno: 'EPERM',
      when: { words: 'TIOCSCTTY', printed: /TIOCSCTTY/ },
      means: 'the terminal already belongs to a session, or this process leads none or has one',
    },
    {
      errno: 'EPERM',
      when: { words: 'SIOCSIFFLAGS', printed: /SIOCSIFFLAGS/ },
      means: 'only CAP_NET_ADMIN over the user namespace that owns the network namespace changes its devices',
      do: 'give the container its own network namespace',
      see: ['network_namespaces(7)'],
    },
    {
      errno: 'ENODEV',
      when: { words: 'SIOCSIFFLAGS', printed: /SIOCSIFFLAGS/ },
      means: 'there is no network device of this name',
    },
    {
      errno: 'EIO',
      when: { words: 'TIOCGPTPEER', printed: /TIOCGPTPEER/ },
      means: 'the other end of the terminal is locked or gone',
    },
    {
      errno: 'ENOTTY',
      means: 'this is no terminal, or this kernel does not know the request (TIOCGPTPEER: Linux 4.13)',
    },
  ],
  socket: [
    {
      errno: 'EAFNOSUPPORT',
      means: 'this kernel has no sockets of this family',
      do: 'load the module, or use a kernel with CONFIG_INET and CONFIG_UNIX',
    },
    {
      errno: 'EPROTONOSUPPORT',
      when: { words: 'a published port', at: /^--publish/ },
      means: 'this kernel does not speak the protocol of the port (sctp), or has its module not loaded',
      do: 'modprobe sctp, or publish it as tcp or udp',
      see: ['sctp(7)'],
    },
    { errno: 'EPERM', means: 'we may not make sockets of this type' },
    { errno: 'EACCES', means: 'we may not make sockets of this type' },
  ],
  connect: [
    {
      errno: 'ENOENT',
      means: 'there is no socket at {of}',
      do: 'let the other side listen there first',
      see: ['unix(7)'],
    },
    {
      errno: 'ECONNREFUSED',
      means: 'nobody listens at {of}: the file is left from a program that has ended, or is no socket',
      do: 'start that program again',
      see: ['unix(7)'],
    },
    { errno: 'EACCES', means: 'we may not write to the socket, or not enter its folder', see: ['unix(7)'] },
    {
      errno: 'EPROTOTYPE',
      means: 'the socket at {of} is not of type SOCK_STREAM',
      do: 'listen there on a stream socket',
      see: ['unix(7)'],
    },
    {
      errno: 'EINVAL',
      means: 'the path of a socket has at most 107 bytes',
      do: 'use a shorter path for --console-socket',
      see: ['unix(7)'],
    },
    {
      errno: 'EAGAIN',
      means: 'too many others wait for the same listener',
      do: 'try again',
      see: ['unix(7)'],
    },
  ],
  sendmsg: [
    { errno: 'EPIPE', means: 'nobody reads the other end any more' },
    { errno: 'ECONNRESET', means: 'the other end was closed' },
    {
      errno: 'ETOOMANYREFS',
      means: 'more open files are on their way than RLIMIT_NOFILE allows',
      see: ['unix(7)'],
    },
  ],
  setsid: [{ errno: 'EPERM', means: 'this process leads a process group already' }],
  dup3: [{ errno: 'EBADF', means: 'the terminal is not open, or RLIMIT_NOFILE forbids its number' }],
  execve: [
    {
      errno: 'EAGAIN',
      means: 'the user of the container has more processes than RLIMIT_NPROC allows',
      do: 'raise the limit (--ulimit nproc=), or choose another user',
    },
    {
      errno: 'EPERM',
      means: 'a security module forbids the program, or it has capabilities that we may not hold',
    },
  ],
}
