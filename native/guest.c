/*
 * The first process of a machine (src/engine/vm): makes a Linux system of a booted kernel, runs one program in it and
 * stands between that and the host. On the kernel's command line: ROOT STREAMS PROGRAM [ARGUMENT...]
 *
 * ROOT is hostfs (User Mode Linux: the kernel has mounted the tree) or 9p (this is an initramfs, and the tree is still
 * to be mounted); STREAMS is pipes or terminal. The program has /boot/plan, if there is one, as descriptor 3.
 *
 * One channel of frames leads to the host: struct frame, then its bytes. The host sends the next input when the last was
 * taken: no signal ever waits behind input that nobody reads, and a serial line of User Mode Linux, which loses its
 * place when its buffer of 4 kB is full, never is.
 *
 *	host                            machine
 *	                          <---  R  the program runs
 *	I  bytes; none: the end   --->
 *	                          <---  A  so many bytes of them were taken (4 bytes)
 *	W  struct winsize         --->
 *	S  a signal (1 byte)      --->
 *	                          <---  O, E  output, errors
 *	                          <---  F  "STEP ERRNO": a step of the plan failed
 *	                          <---  X  exit code (4 bytes); everything is on disk, the plug may be pulled
 *
 * Under the name explain it is what the executor becomes when a step fails: it leaves the two numbers for F.
 */
#include "guest.h"
#include <linux/reboot.h>

#define INPUT 2048 /* at most, in one frame: src/engine/vm/conversation.ts */
#define CHUNK 4096
#define FAILURE "/run/failure"

struct frame {
	unsigned char type, unused;
	unsigned short size;
};

static long channel = -1;
static int terminal = -1;
/* The program's streams, our ends: input, output, errors. */
static int streams[3] = { -1, -1, -1 };
/* What the host has sent and the program has not taken yet. */
static char backlog[INPUT];
static unsigned held;
static int input_ended;

static word length(const char *text)
{
	word size = 0;

	while (text[size])
		size++;
	return size;
}

static int same(const char *one, const char *other)
{
	for (; *one && *one == *other; one++, other++)
		;
	return *one == *other;
}

static void write_all(long fd, const char *bytes, word size)
{
	for (word done = 0; done < size;) {
		long put = SYSCALL(write, fd, bytes + done, size - done);

		if (put <= 0 && put != -EINTR)
			return;
		done += put > 0 ? put : 0;
	}
}

/* To the kernel's log, which the host keeps. */
void say(const char *words, const char *object)
{
	write_all(1, words, length(words));
	write_all(1, " ", 1);
	write_all(1, object, length(object));
	write_all(1, "\n", 1);
}

void turn_off(void)
{
	SYSCALL(sync);
	for (;;) {
		SYSCALL(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
		sleep_milliseconds(1000);
	}
}

static void send(char type, const void *bytes, unsigned size)
{
	char whole[sizeof(struct frame) + CHUNK];
	struct frame head = { type, 0, size };

	memcpy(whole, &head, sizeof head);
	memcpy(whole + sizeof head, bytes, size);
	write_all(channel, whole, sizeof head + size);
}

static int receive_exactly(void *to, word size)
{
	for (word done = 0; done < size;) {
		long got = SYSCALL(read, channel, (char *)to + done, size - done);

		if (got <= 0 && got != -EINTR)
			return 0;
		done += got > 0 ? got : 0;
	}
	return 1;
}

static void become_raw(long fd)
{
	struct termios modes;

	if (SYSCALL(ioctl, fd, TCGETS, &modes) < 0)
		return;
	modes.c_iflag = modes.c_oflag = modes.c_lflag = 0;
	modes.c_cflag = (modes.c_cflag & ~(CSIZE | PARENB)) | CS8;
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	SYSCALL(ioctl, fd, TCSETS, &modes);
}

/* A port of virtio-serial appears when the host has said that it is there. */
static void open_channel(const char *path)
{
	for (int i = 0; i < 1000 && channel < 0; i++) {
		channel = SYSCALL(openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (channel < 0)
			sleep_milliseconds(5);
	}
	if (channel < 0) {
		say("Cannot open", path);
		turn_off();
	}
	become_raw(channel);
}

/* theirs: what becomes descriptors 0, 1, 2 of the program. */
static void open_streams(int is_terminal, int theirs[3])
{
	int unlock = 0, ends[2];

	if (is_terminal) {
		terminal = SYSCALL(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_CLOEXEC | O_NOCTTY);
		SYSCALL(ioctl, terminal, TIOCSPTLCK, &unlock);
		theirs[0] = theirs[1] = theirs[2] = SYSCALL(ioctl, terminal, TIOCGPTPEER, O_RDWR | O_CLOEXEC | O_NOCTTY);
		streams[0] = streams[1] = terminal;
	}
	for (int i = 0; i < 3 && !is_terminal; i++) {
		SYSCALL(pipe2, ends, O_CLOEXEC);
		theirs[i] = ends[i > 0];
		streams[i] = ends[i == 0];
	}
	/* A program that does not read must not stop us. */
	SYSCALL(fcntl, streams[0], F_SETFL, (is_terminal ? O_RDWR : O_WRONLY) | O_NONBLOCK);
}

static long start_program(char **argv, char **envp, int theirs[3])
{
	long child = SYSCALL(clone, SIGCHLD), plan;
	word none = 0;

	if (child)
		return child;
	SYSCALL(setsid);
	for (int i = 0; i < 3; i++)
		SYSCALL(dup3, theirs[i], i, 0);
	if (terminal >= 0)
		SYSCALL(ioctl, 0, TIOCSCTTY, 0);
	plan = SYSCALL(openat, AT_FDCWD, "/boot/plan", O_RDONLY | O_CLOEXEC);
	if (plan == 3)
		SYSCALL(fcntl, plan, F_SETFD, 0);
	else if (plan > 0)
		SYSCALL(dup3, plan, 3, 0);
	SYSCALL(rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
	SYSCALL(execve, argv[0], argv, envp);
	SYSCALL(exit_group, 127);
	return -1;
}

static void close_input(void)
{
	if (streams[0] >= 0 && streams[0] != terminal)
		SYSCALL(close, streams[0]);
	streams[0] = -1;
	held = 0;
}

/* What the program takes makes room for more; a program that reads no longer has taken it all. */
static void pour(void)
{
	long put = SYSCALL(write, streams[0], backlog, held);
	unsigned taken = put > 0 ? put : put == -EAGAIN ? 0 : held;

	for (unsigned i = taken; i < held; i++)
		backlog[i - taken] = backlog[i];
	held -= taken;
	if (taken)
		send('A', &taken, sizeof taken);
	if (put < 0 && put != -EAGAIN)
		close_input();
	if (!held && input_ended)
		close_input();
}

static void obey(long child)
{
	static char bytes[INPUT];
	struct frame head;

	if (!receive_exactly(&head, sizeof head) || head.size > sizeof bytes || !receive_exactly(bytes, head.size))
		turn_off();
	if (head.type == 'S')
		SYSCALL(kill, child, bytes[0]);
	else if (head.type == 'W')
		SYSCALL(ioctl, terminal, TIOCSWINSZ, bytes);
	else if (head.type == 'I' && head.size == 0)
		input_ended = 1;
	else if (head.type == 'I' && streams[0] >= 0 && held + head.size <= sizeof backlog) {
		memcpy(backlog + held, bytes, head.size);
		held += head.size;
	}
	/* A terminal has no end; its program reads on. */
	if (input_ended && !held && terminal < 0)
		close_input();
}

/* False when there is nothing more to come. */
static int pass_on(int stream)
{
	char bytes[CHUNK];
	long got = SYSCALL(read, streams[stream], bytes, sizeof bytes);

	if (got == -EAGAIN)
		return 0;
	if (got <= 0) {
		streams[stream] = -1;
		return 0;
	}
	send(stream == 1 ? 'O' : 'E', bytes, got);
	return 1;
}

/* What the program left in its pipes when it ended. */
static void pass_on_the_rest(void)
{
	for (int stream = 1; stream < 3; stream++) {
		struct pollfd rest = { streams[stream], POLLIN, 0 };
		struct __kernel_timespec now = { 0, 0 };

		while (streams[stream] >= 0 && SYSCALL(ppoll, &rest, 1, &now, 0, 0) > 0 && pass_on(stream))
			;
	}
}

/* The exit code of the program. */
static int serve(long child, long signals)
{
	for (;;) {
		struct pollfd fds[5] = {
			{ signals, POLLIN, 0 },
			{ channel, POLLIN, 0 },
			{ held ? streams[0] : -1, POLLOUT, 0 },
			{ streams[1], POLLIN, 0 },
			{ streams[2], POLLIN, 0 },
		};
		char info[128];
		int status;

		SYSCALL(ppoll, fds, 5, 0, 0, 0);
		if (fds[1].revents)
			obey(child);
		if (fds[2].revents && held)
			pour();
		for (int stream = 1; stream < 3; stream++)
			if (fds[2 + stream].revents)
				pass_on(stream);
		if (!fds[0].revents)
			continue;
		SYSCALL(read, signals, info, sizeof info);
		for (long pid; (pid = SYSCALL(wait4, -1, &status, WNOHANG, 0)) > 0;)
			if (pid == child) {
				pass_on_the_rest();
				return status & 127 ? 128 + (status & 127) : status >> 8 & 255;
			}
	}
}

static void report_failure(void)
{
	char text[64];
	long fd = SYSCALL(openat, AT_FDCWD, FAILURE, O_RDONLY | O_CLOEXEC), size = SYSCALL(read, fd, text, sizeof text);

	if (size > 0)
		send('F', text, size);
}

/* argv: the name, the plan's descriptor, step, errno, ... */
static void leave_failure(char **argv)
{
	long fd = SYSCALL(openat, AT_FDCWD, FAILURE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	write_all(fd, argv[2], length(argv[2]));
	write_all(fd, " ", 1);
	write_all(fd, argv[3], length(argv[3]));
	SYSCALL(exit_group, EXIT_RUNTIME_FAILED);
}

__attribute__((used)) static void start(long *stack)
{
	char **argv = (char **)(stack + 1), **envp = argv + *stack + 1;
	word chld = 1ul << (SIGCHLD - 1), piped = 1ul << (SIGPIPE - 1), mask = chld | piped;
	int theirs[3], code, is_virtual;
	long child, signals;

	if (SYSCALL(getpid) != 1)
		leave_failure(argv);
	if (*stack < 4) {
		say("Cannot run:", "no program is named on the kernel's command line");
		turn_off();
	}
	is_virtual = same(argv[1], "9p");
	make_system(is_virtual);
	open_channel(is_virtual ? "/dev/vport0p1" : "/dev/tty1");
	SYSCALL(rt_sigprocmask, SIG_SETMASK, &mask, 0, sizeof mask);
	signals = SYSCALL(signalfd4, -1, &chld, sizeof chld, O_CLOEXEC);
	open_streams(same(argv[2], "terminal"), theirs);
	child = start_program(argv + 3, envp, theirs);
	for (int i = 0; i < 3; i++)
		SYSCALL(close, theirs[i]);
	send('R', "", 0);
	code = serve(child, signals);
	report_failure();
	SYSCALL(sync);
	send('X', &code, sizeof code);
	/* Whoever has heard it pulls the plug. */
	sleep_milliseconds(10000);
	turn_off();
}

#include "entry.h"
