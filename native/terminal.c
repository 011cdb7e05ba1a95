/* A terminal of ours in raw mode, and back: termios(3), ioctl_tty(2). */
#include "executor.h"

static struct termios saved;
static int raw = -1;

/* Where the container's terminal leaves newlines plain, ours makes of them what it needs, as it does without us. */
int enter_raw(int fd, int container)
{
	struct termios modes, its;
	int made_there = SYSCALL(ioctl, container, TCGETS, &its) < 0 || its.c_oflag & ONLCR;

	if (SYSCALL(ioctl, fd, TCGETS, &saved) < 0)
		return 0;
	modes = saved;
	/* as cfmakeraw(3) */
	modes.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	if (made_there)
		modes.c_oflag &= ~OPOST;
	modes.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	modes.c_cflag = (modes.c_cflag & ~(CSIZE | PARENB)) | CS8;
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	SYSCALL(ioctl, fd, TCSETS, &modes);
	raw = fd;
	return 1;
}

/* The modes to come back to, while raw; else 0. */
struct termios *modes_before_raw(void)
{
	return raw < 0 ? 0 : &saved;
}

void leave_raw(void)
{
	if (raw >= 0)
		SYSCALL(ioctl, raw, TCSETS, &saved);
	raw = -1;
}

void copy_window_size(int from, int to)
{
	unsigned short size[4];

	if (SYSCALL(ioctl, from, TIOCGWINSZ, size) == 0 && size[0])
		SYSCALL(ioctl, to, TIOCSWINSZ, size);
}
