#include "message.h"

void message_prepare(struct message *m, void *bytes, word size, int with_fd)
{
	int fd = m->control.fd;

	*m = (struct message){ .part = { bytes, size }, .control = { 20, SOL_SOCKET, SCM_RIGHTS, fd } };
	m->header.iov = &m->part;
	m->header.iovlen = 1;
	m->header.control = with_fd ? &m->control : 0;
	m->header.controllen = with_fd ? sizeof m->control : 0;
}

/* The descriptor that came with a message, or -1. */
int message_fd(const struct message *m)
{
	return m->header.controllen >= 20 ? m->control.fd : -1;
}
