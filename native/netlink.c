/* One batch of messages to the kernel (netlink(7)) and its verdict. */
#include "executor.h"

/* Until we have ended, on a busy machine too. */
#define LINGER_MILLISECONDS 100

/*
 * When the last descriptor of a netfilter socket is closed, the kernel waits for a grace period to free what was deleted.
 * A child that nobody waits for has one a little longer than we.
 */
static long linger(int fd)
{
	if (SYSCALL(clone, 0) == 0) {
		SYSCALL(close_range, 0, fd - 1, 0);
		SYSCALL(close_range, fd + 1, ~0u, 0);
		sleep_milliseconds(LINGER_MILLISECONDS);
		SYSCALL(exit_group, 0);
	}
	return 0;
}

/*
 * Only the last message of a batch asks for an answer, so the first that comes is that, or an earlier one's error. An
 * empty batch is the end.
 */
long netlink(int fd, const void *batch, word size)
{
	/* struct nlmsghdr, struct nlmsgerr, and the attribute that holds the kernel's words (NETLINK_EXT_ACK). */
	struct {
		char header[16];
		int error;
		char request[16];
		unsigned short length, type;
		char words[WORDS];
	} answer = { 0 };
	long result = size == 0 ? linger(fd) : SYSCALL(sendto, fd, batch, size, 0, 0, 0);

	if (result > 0)
		result = SYSCALL(recvfrom, fd, &answer, sizeof answer - 1, 0, 0, 0);
	if (result <= 0)
		return result;
	if (answer.type == NLMSGERR_ATTR_MSG)
		__builtin_memcpy(verdict->words, answer.words, WORDS);
	return answer.error;
}
