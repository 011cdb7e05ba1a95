/*
 * A seccomp agent (seccomp_unotify(2)): listens at the socket argv[1], prints what it is told of each process, one line
 * each, and makes every call that it is asked about return argv[2].
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* One message, as runc's own agent takes it: the state and the descriptor at once. */
static int receive(int connection)
{
	char text[65536], control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { text, sizeof text - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	long size = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
	int listener = -1;

	if (size <= 0 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&listener, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof listener);
	text[size] = 0;
	printf("%s\n", text);
	return listener;
}

static void answer(int listener, int value)
{
	struct seccomp_notif asked;
	struct seccomp_notif_resp answered;

	for (;;) {
		memset(&asked, 0, sizeof asked);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		memset(&answered, 0, sizeof answered);
		answered.id = asked.id;
		answered.val = value;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answered);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), connection;

	if (argc < 3)
		return 2;
	setvbuf(stdout, 0, _IOLBF, 0);
	strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
	if (bind(socket_fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(socket_fd, 8) < 0)
		return 1;
	while ((connection = accept(socket_fd, 0, 0)) >= 0) {
		if (fork() == 0) {
			int listener = receive(connection);

			if (listener >= 0)
				answer(listener, atoi(argv[2]));
			_exit(0);
		}
		close(connection);
	}
	return 1;
}
