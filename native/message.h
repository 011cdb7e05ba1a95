/* A message over a Unix socket, with one descriptor or none: recvmsg(2), cmsg(3). */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "system.h"

struct message {
	struct {
		void *name;
		int namelen;
		struct iovec *iov;
		word iovlen;
		void *control;
		word controllen;
		int flags;
	} header;
	struct iovec part;
	struct {
		word length;
		int level, type, fd;
	} control;
};

void message_prepare(struct message *m, void *bytes, word size, int with_fd);
int message_fd(const struct message *m);

#endif
