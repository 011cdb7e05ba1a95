/* A container's streams: our ends of its pipes or the master end of its terminal; input that it does not take waits. */
#include "detached.h"

/* Of PIPES: what is typed, standard output, standard error. */
int pipes[PIPES];

static char input[INPUT_BYTES];
static word input_size, input_done;
static int input_ended;

int input_is_full(void)
{
	return input_done < input_size;
}

static void close_input(void)
{
	/* The master end of a terminal is its output too. */
	if (pipes[0] >= 0 && pipes[0] != terminal)
		SYSCALL(close, pipes[0]);
	pipes[0] = -1;
}

void pour_input(void)
{
	while (input_done < input_size) {
		long put = pipes[0] < 0 ? -EPIPE : SYSCALL(write, pipes[0], input + input_done, input_size - input_done);

		if (put == -EAGAIN)
			return;
		input_done = put > 0 ? input_done + put : input_size;
	}
	if (input_ended)
		close_input();
}

/* Only when there is no more of the last. */
void give_input(const char *bytes, word size)
{
	if (pipes[0] < 0 || input_ended)
		return;
	__builtin_memcpy(input, bytes, size);
	input_size = size;
	input_done = 0;
	pour_input();
}

void end_input(void)
{
	if (terminal >= 0)
		return;
	input_ended = 1;
	pour_input();
}

void set_window_size(const void *size)
{
	const unsigned short *cells = size;
	const long shape[] = { cells[0], cells[1] };

	if (terminal < 0)
		return;
	SYSCALL(ioctl, terminal, TIOCSWINSZ, size);
	tell_now(settings()->event_resized, 2, shape);
}

int above(int fd)
{
	int moved = SYSCALL(fcntl, fd, F_DUPFD_CLOEXEC, LOWEST_OWN_FD);

	SYSCALL(close, fd);
	return moved;
}

/* The container's ends go into the slots that its half of the plan makes its standard streams. */
void streams_open(void)
{
	const unsigned cells[PIPES] = { settings()->stdin_cell, settings()->stdout_cell, settings()->stderr_cell };

	for (int i = 0; i < PIPES; i++) {
		int pair[2], own = i == 0; /* of [read, write] */

		pipes[i] = -1;
		if (!cells[i] || SYSCALL(pipe2, pair, O_CLOEXEC) < 0)
			continue;
		pipes[i] = above(pair[own]);
		*cell(cells[i]) = above(pair[!own]);
		SYSCALL(fcntl, pipes[i], F_SETFL, O_NONBLOCK);
		/* Fewer turns between the container and us; without privileges it may stay smaller. */
		SYSCALL(fcntl, pipes[i], F_SETPIPE_SZ, PIPE_BYTES);
	}
	input_size = input_done = input_ended = 0;
}

void streams_opened(void)
{
	const unsigned cells[PIPES] = { settings()->stdin_cell, settings()->stdout_cell, settings()->stderr_cell };

	for (int i = 0; i < PIPES; i++)
		if (cells[i])
			SYSCALL(close, *cell(cells[i]));
	if (terminal < 0)
		return;
	terminal = above(terminal);
	SYSCALL(fcntl, terminal, F_SETFL, O_RDWR | O_NONBLOCK);
	pipes[0] = settings()->flags & MONITOR_STDIN ? terminal : -1;
	pipes[1] = terminal;
}

/* Some output of the container, to the log and to those who look on. */
void pump(int stream)
{
	word room;
	char *space = log_space(stream, &room);
	long got = SYSCALL(read, pipes[1 + stream], space, clients_count() && room > OUTPUT_BYTES ? OUTPUT_BYTES : room);

	if (got == -EAGAIN || got == -EINTR)
		return;
	if (got <= 0) {
		log_end(stream);
		if (pipes[1 + stream] != terminal)
			SYSCALL(close, pipes[1 + stream]);
		pipes[1 + stream] = -1;
		return;
	}
	broadcast(stream ? MESSAGE_STDERR : MESSAGE_STDOUT, space, got);
	log_take(stream, got);
}

void streams_close(void)
{
	for (int i = 0; i < PIPES; i++) {
		if (i > 0)
			log_end(i - 1);
		if (pipes[i] != terminal)
			SYSCALL(close, pipes[i]);
	}
	SYSCALL(close, terminal);
}
