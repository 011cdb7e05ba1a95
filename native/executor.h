/* What the executor's three files share. */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "message.h"
#include "plan.h"
#include "system.h"

/* Out of the way of file descriptors that the caller hands to the container. */
#define LOWEST_OWN_FD 64

/* Seen by parent and child alike: how the child failed. A store needs no system call, so no filter can forbid it. */
#define WORDS 160

struct verdict {
	volatile int step;
	volatile int error;
	/* The container's process, when a relay made it. */
	volatile int pid;
	/* What the kernel said of it, where it says something. */
	char words[WORDS];
};

extern struct header *plan;
extern struct verdict *verdict;
extern int channel;	/* our end of the socket pair between monitor and container */
extern int signals;	/* signalfd: everything that is sent to us */
extern int plan_fd;
extern int terminal;	/* the master end, once the container has sent it; else -1 */

static inline long *cell(unsigned offset)
{
	return (long *)((char *)plan + offset);
}

/* executor.c */
void exit_group(int code) __attribute__((noreturn));
char *decimal(char *end, unsigned long number);
void begin(void);
void begin_again(void);
void run_cleanup(void);
long join(char *to, const char *before, const char *middle, const char *after);

/* netlink.c */
long netlink(int fd, const void *batch, word size);

/* spawn.c */
long spawn(const char *path, char **argv, char **envp, const word *streams, word milliseconds);
void end_companion(void);
long companion(char **argv, char **envp, int ready, int output, int folder);

/* monitor.c */
int container(void);
int next_signal(void);
int is_passed_on(int signal);
void pass_signal(int signal);
long await_barrier(int number);
void await_execve(void);
int monitor(void);
int serve_as_init(int child);

/* detached.c */
int detached(void);

/* terminal.c */
int enter_raw(int fd, int container);
void leave_raw(void);
struct termios *modes_before_raw(void);
void copy_window_size(int from, int to);

/* tree.c */
long remove_tree(const char *path, int only_directories);
long remove_cgroup(const char *path);
long copy_tree(int from, int to);

#endif
