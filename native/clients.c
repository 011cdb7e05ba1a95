/*
 * Those who look on, at the monitor's end: the one that started the container, and others who come and go through a
 * socket in the state folder. The container's output waits for the slowest of them, as a pipe would make it.
 */
#include "detached.h"

static struct {
	int fd;
	/* Its loss is the end of the container's input. */
	int first;
	/* Its terminal, while that is raw. */
	int terminal;
	struct termios modes;
	/* It had no room for more output. */
	int full;
} clients[MOST_CLIENTS];
static int count, listening = -1;

void client_add(int fd, int first)
{
	if (count == MOST_CLIENTS) {
		SYSCALL(close, fd);
		return;
	}
	clients[count].fd = fd;
	clients[count].first = first;
	clients[count].full = 0;
	clients[count++].terminal = -1;
}

int clients_count(void)
{
	return count;
}

/* In the folder by its descriptor: a socket's path may not be long. */
void clients_listen(void)
{
	struct {
		unsigned short family;
		char path[108];
	} address = { AF_UNIX, "attach" };
	int folder;

	if (!settings()->socket_folder)
		return;
	folder = SYSCALL(openat, AT_FDCWD, text(settings()->socket_folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (folder < 0 || SYSCALL(fchdir, folder) < 0)
		return;
	SYSCALL(close, folder);
	listening = above(SYSCALL(socket, AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC | O_NONBLOCK, 0));
	if (SYSCALL(bind, listening, &address, 2 + sizeof "attach") < 0 || SYSCALL(listen, listening, MOST_CLIENTS) < 0) {
		SYSCALL(close, listening);
		listening = -1;
	}
	SYSCALL(chdir, "/");
}

static void restore_terminal(int i)
{
	SYSCALL(ioctl, clients[i].terminal, TCSETS, &clients[i].modes);
	SYSCALL(close, clients[i].terminal);
	clients[i].terminal = -1;
}

static void drop(int i)
{
	if (clients[i].terminal >= 0)
		restore_terminal(i);
	SYSCALL(close, clients[i].fd);
	if (clients[i].first && settings()->flags & MONITOR_STDIN_ONCE)
		end_input();
	clients[i] = clients[--count];
}

static int send(int i, char type, const void *bytes, word size)
{
	struct message m;
	struct iovec parts[2] = { { &type, 1 }, { (void *)bytes, size } };

	message_prepare(&m, 0, 0, 0);
	m.header.iov = parts;
	m.header.iovlen = 2;
	return SYSCALL(sendmsg, clients[i].fd, &m.header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void broadcast(char type, const void *bytes, word size)
{
	for (int i = count; i-- > 0;)
		if (send(i, type, bytes, size) < 0)
			drop(i);
}

/* Who started a container to leave it alone has no more to hear. */
void clients_started(void)
{
	broadcast(MESSAGE_STARTED, 0, 0);
	if (settings()->flags & MONITOR_DETACH)
		while (count)
			drop(0);
}

void clients_close(int code)
{
	char byte = code;

	if (listening >= 0)
		SYSCALL(close, listening);
	listening = -1;
	broadcast(MESSAGE_EXIT, &byte, 1);
	/* They bring their terminals back themselves. */
	for (; count; count--) {
		SYSCALL(close, clients[count - 1].terminal);
		SYSCALL(close, clients[count - 1].fd);
	}
}

static void take(int i)
{
	static char bytes[1 + INPUT_BYTES];
	struct message m;
	long got;
	int passed;

	message_prepare(&m, bytes, sizeof bytes, 1);
	got = SYSCALL(recvmsg, clients[i].fd, &m.header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (got == -EAGAIN || got == -EINTR)
		return;
	passed = got > 0 ? message_fd(&m) : -1;
	if (got <= 0) {
		drop(i);
	} else if (bytes[0] == MESSAGE_TERMINAL && passed >= 0 && got == 1 + (long)sizeof(struct termios)) {
		__builtin_memcpy(&clients[i].modes, bytes + 1, sizeof(struct termios));
		SYSCALL(close, clients[i].terminal);
		clients[i].terminal = passed;
		return;
	} else if (bytes[0] == MESSAGE_RESTORED) {
		SYSCALL(close, clients[i].terminal);
		clients[i].terminal = -1;
	} else if (bytes[0] == MESSAGE_STDIN) {
		give_input(bytes + 1, got - 1);
	} else if (bytes[0] == MESSAGE_STDIN_END && (clients[i].first || settings()->flags & MONITOR_STDIN_ONCE)) {
		end_input();
	} else if (bytes[0] == MESSAGE_SIZE && got == 9) {
		set_window_size(bytes + 1);
	} else if (bytes[0] == MESSAGE_SIGNAL && got == 2) {
		pass_signal(bytes[1]);
	}
	SYSCALL(close, passed);
}

static void accept_client(void)
{
	int fd = SYSCALL(accept4, listening, 0, 0, O_CLOEXEC);

	if (fd < 0)
		return;
	/* Below are the plan's, which are closed before the last word. */
	client_add(above(fd), 0);
	send(count - 1, MESSAGE_STARTED, 0, 0);
}

/* Fills in 1 + MOST_CLIENTS; returns how many. */
int clients_poll(struct pollfd *fds)
{
	fds[0] = (struct pollfd){ listening, POLLIN, 0 };
	for (int i = 0; i < count; i++)
		/* While the container does not take its input, nobody is asked for more. */
		fds[1 + i] = (struct pollfd){ clients[i].fd,
					      (input_is_full() ? 0 : POLLIN) | (clients[i].full ? POLLOUT : 0), 0 };
	return 1 + count;
}

void clients_handle(const struct pollfd *fds)
{
	for (int i = count; i-- > 0;) {
		clients[i].full = 0;
		if (fds[1 + i].revents & POLLIN)
			take(i);
		else if (fds[1 + i].revents & (POLLHUP | POLLERR))
			drop(i);
	}
	if (fds[0].revents)
		accept_client();
}

/* Whether one of them has no room for more output. */
int clients_stalled(void)
{
	struct pollfd fds[MOST_CLIENTS];
	struct __kernel_timespec now = { 0, 0 };

	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){ clients[i].fd, POLLOUT, 0 };
	if (!count || SYSCALL(ppoll, fds, count, &now, 0, 0) == count)
		return 0;
	for (int i = 0; i < count; i++)
		clients[i].full = !fds[i].revents;
	return 1;
}
