/*
 * Who looks on: our standard streams to and from a container that is somebody else's child. It may let go, or be killed,
 * and the container goes on. Nothing here waits for the container: what it does not take is kept until it does.
 */
#include "detached.h"

static int connection;
static char input[1 + INPUT_BYTES];
static word pending;
/* Standard input: 1 may be read, 0 has nothing more. */
static int readable;

static int attached(unsigned what)
{
	return (settings()->flags & what) != 0;
}

static void tell(char type, const void *bytes, word size)
{
	char message[64] = { type };

	__builtin_memcpy(message + 1, bytes, size);
	SYSCALL(sendto, connection, message, 1 + size, MSG_NOSIGNAL, 0, 0);
}

static void tell_window_size(void)
{
	unsigned short size[4];

	if (attached(MONITOR_TERMINAL) && SYSCALL(ioctl, 0, TIOCGWINSZ, size) == 0 && size[0])
		tell(MESSAGE_SIZE, size, sizeof size);
}

/* If we are killed, the monitor brings the terminal back. */
static void hand_terminal_over(void)
{
	struct message m;

	m.control.fd = 0;
	message_prepare(&m, input, 1 + sizeof(struct termios), 1);
	input[0] = MESSAGE_TERMINAL;
	__builtin_memcpy(input + 1, modes_before_raw(), sizeof(struct termios));
	SYSCALL(sendmsg, connection, &m.header, MSG_NOSIGNAL);
}

static void begin_raw(void)
{
	if (attached(MONITOR_TERMINAL) && attached(MONITOR_ATTACH_STDIN) && enter_raw(0, -1))
		hand_terminal_over();
	tell_window_size();
}

static void end_raw(void)
{
	if (!modes_before_raw())
		return;
	leave_raw();
	tell(MESSAGE_RESTORED, 0, 0);
}

/* A program that looks at the size of its window draws itself anew for whoever comes late. */
static void ask_to_redraw(void)
{
	unsigned short size[4];

	if (!attached(MONITOR_TERMINAL) || SYSCALL(ioctl, 0, TIOCGWINSZ, size) < 0 || !size[0])
		return;
	size[0]++;
	tell(MESSAGE_SIZE, size, sizeof size);
}

static void write_all(int fd, const char *bytes, word size)
{
	for (long put; size && (put = SYSCALL(write, fd, bytes, size)) != 0; bytes += put, size -= put)
		if (put == -EAGAIN) {
			struct pollfd ready = { fd, POLLOUT, 0 };

			SYSCALL(ppoll, &ready, 1, 0, 0, 0);
			put = 0;
		} else if (put < 0) {
			return;
		}
}

/* -1: go on; else the exit code. */
static int take_message(void)
{
	static char message[1 + OUTPUT_BYTES];
	long got = SYSCALL(recvfrom, connection, message, sizeof message, 0, 0, 0);

	/* It left without reading all that we said; what it said itself is still to come. */
	if (got == -ECONNRESET)
		return -1;
	if (got <= 0)
		return 128 + SIGKILL; /* the monitor was killed, and the container with it */
	switch (message[0]) {
	case MESSAGE_STARTED:
		if (attached(MONITOR_CLIENT))
			ask_to_redraw();
		begin_raw();
		break;
	case MESSAGE_STDOUT:
		if (attached(MONITOR_ATTACH_STDOUT))
			write_all(1, message + 1, got - 1);
		break;
	case MESSAGE_STDERR:
		if (attached(MONITOR_ATTACH_STDERR))
			write_all(2, message + 1, got - 1);
		break;
	case MESSAGE_EXIT:
		return (unsigned char)message[1];
	}
	return -1;
}

/* Whether the detach keys are now complete. Keys that turn out to be others are passed on. */
static int add_key(char key)
{
	static unsigned matched;
	const char *keys = text(settings()->detach_keys);
	unsigned length = attached(MONITOR_TERMINAL) ? settings()->detach_keys_size : 0;

	if (matched < length && keys[matched] == key)
		return ++matched == length;
	for (unsigned i = 0; i < matched; i++)
		input[++pending] = keys[i];
	matched = 0;
	if (length && keys[0] == key)
		return ++matched == length;
	input[++pending] = key;
	return 0;
}

static void send_input(void)
{
	long put = SYSCALL(sendto, connection, input, 1 + pending, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);

	if (put != -EAGAIN)
		pending = 0;
}

/* Whether to let go of the container. */
static int read_input(void)
{
	char bytes[INPUT_BYTES / 4];
	long got = SYSCALL(read, 0, bytes, sizeof bytes);

	if (got == -EAGAIN || got == -EINTR)
		return 0;
	if (got <= 0) {
		readable = 0;
		tell(MESSAGE_STDIN_END, 0, 0);
		return 0;
	}
	input[0] = MESSAGE_STDIN;
	for (long i = 0; i < got; i++)
		if (add_key(bytes[i]))
			return 1;
	if (pending)
		send_input();
	return 0;
}

static void suspend(void)
{
	int self = SYSCALL(getpid);

	end_raw();
	SYSCALL(kill, self, SIGSTOP);
	begin_raw();
}

/* -1: go on; else the exit code. */
static int handle_signal(int signal)
{
	char number = signal;

	if (signal == SIGWINCH)
		tell_window_size();
	else if (signal == SIGTSTP)
		suspend();
	else if (!is_passed_on(signal))
		return -1;
	/* Its terminal is gone: so are we. */
	else if ((signal == SIGHUP && attached(MONITOR_TERMINAL)) || !attached(MONITOR_SIGNAL_PROXY))
		return signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGQUIT ? 128 + signal : -1;
	else
		tell(MESSAGE_SIGNAL, &number, 1);
	return -1;
}

static int exit_code_of(int monitor)
{
	int status = 0;

	while (SYSCALL(wait4, monitor, &status, 0, 0) == -EINTR)
		;
	return status & 127 ? 128 + (status & 127) : status >> 8 & 255;
}

/* Until the container has become its program: -1, or the exit code of a monitor that had to give up. */
int await_start(int socket, int monitor)
{
	for (;;) {
		struct pollfd fds[2] = { { socket, POLLIN, 0 }, { signals, POLLIN, 0 } };
		char type;

		SYSCALL(ppoll, fds, 2, 0, 0, 0);
		if (fds[0].revents)
			return SYSCALL(recvfrom, socket, &type, 1, MSG_PEEK, 0, 0) > 0 ? -1 : exit_code_of(monitor);
		if (fds[1].revents) {
			int signal = next_signal();

			if (is_passed_on(signal))
				SYSCALL(kill, monitor, signal);
		}
	}
}

/* @monitor: our child, or 0 when the container was started by somebody else. */
int client(int socket, int monitor)
{
	int code = monitor ? await_start(socket, monitor) : -1;

	connection = socket;
	readable = attached(MONITOR_ATTACH_STDIN);
	while (code < 0) {
		struct pollfd fds[3] = { { signals, POLLIN, 0 },
					 { socket, pending ? POLLIN | POLLOUT : POLLIN, 0 },
					 { readable && !pending ? 0 : -1, POLLIN, 0 } };

		SYSCALL(ppoll, fds, 3, 0, 0, 0);
		if (fds[0].revents)
			code = handle_signal(next_signal());
		if (code < 0 && fds[1].revents & POLLOUT)
			send_input();
		if (code < 0 && fds[2].revents && read_input()) {
			end_raw();
			tell_now(settings()->event_detached, 0, 0);
			SYSCALL(write, 2, "read escape sequence\n", 21);
			return 0;
		}
		if (code < 0 && fds[1].revents & ~POLLOUT) {
			code = take_message();
			if (code >= 0 && monitor)
				exit_code_of(monitor);
		}
	}
	end_raw();
	return code;
}
