/*
 * Health checks: the front end is started at each interval, looks, writes down what it found, and leaves. Between two
 * checks there is only a number here.
 */
#include "detached.h"

static struct {
	int pid, healthy;
	long began, due;
} health;

void health_begin(void)
{
	health.pid = health.healthy = 0;
	health.began = milliseconds();
	health.due = health.began + (settings()->health_start_period ? settings()->health_start_interval :
								       settings()->health_interval);
}

/* The next check begins when the last has ended. */
static void ended(int failed)
{
	int starting = milliseconds() - health.began < settings()->health_start_period;

	health.healthy |= !failed;
	health.pid = 0;
	health.due = milliseconds() +
		     (starting && !health.healthy ? settings()->health_start_interval : settings()->health_interval);
}

static void health_check(void)
{
	char **argv = (char **)cell(settings()->health_argv);
	word none = 0;

	health.pid = SYSCALL(clone, SIGCHLD);
	if (health.pid)
		return;
	SYSCALL(rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
	SYSCALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
	SYSCALL(execve, argv[0], argv, cell(plan->explain_envp));
	exit_group(EXIT_RUNTIME_FAILED);
}

int health_reap(int pid, int status)
{
	if (pid != health.pid)
		return 0;
	ended(status != 0);
	return 1;
}

/* Begins a check when it is time. Returns the milliseconds until the next, or -1. */
long health_wait(void)
{
	long wait = health.due - milliseconds();

	if (!settings()->health_argv || health.pid)
		return -1;
	if (wait > 0)
		return wait;
	health_check();
	return -1;
}

void health_end(void)
{
	if (health.pid)
		SYSCALL(kill, health.pid, SIGKILL);
	health.pid = 0;
}
