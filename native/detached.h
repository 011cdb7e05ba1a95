/* What the files of a detached container's monitor share, and the messages between it and those who look on. */
#ifndef DETACHED_H
#define DETACHED_H

#include "executor.h"

/* One read of the container's output while somebody looks on: a message holds as much. */
#define OUTPUT_BYTES 32768
/* One read while nobody does. */
#define PIPE_BYTES (256 * 1024)
#define INPUT_BYTES 4096
#define MOST_CLIENTS 16
#define PIPES 3

/* The first byte of a message on a SOCK_SEQPACKET socket says what follows. From the monitor: */
#define MESSAGE_STARTED 'S'
#define MESSAGE_STDOUT 'o'
#define MESSAGE_STDERR 'e'
#define MESSAGE_EXIT 'x' /* the exit code, a byte */
/* To the monitor: */
#define MESSAGE_STDIN 'i'
#define MESSAGE_STDIN_END 'c'
#define MESSAGE_SIZE 'w'     /* struct winsize */
#define MESSAGE_SIGNAL 's'   /* its number, a byte */
#define MESSAGE_TERMINAL 't' /* the sender's terminal, and the modes to bring it back to if the sender is killed */
#define MESSAGE_RESTORED 'r' /* the sender has done that itself */

static inline struct monitor *settings(void)
{
	return (struct monitor *)cell(plan->monitor);
}

static inline char *text(unsigned offset)
{
	return offset ? (char *)cell(offset) : 0;
}

static inline long nanoseconds(int clock)
{
	struct __kernel_timespec now;

	SYSCALL(clock_gettime, clock, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline long milliseconds(void)
{
	return nanoseconds(CLOCK_MONOTONIC) / 1000000;
}

/* client.c */
int client(int socket, int monitor);
int await_start(int socket, int monitor);

/* clients.c */
void clients_listen(void);
void clients_close(int code);
void client_add(int fd, int first);
int clients_poll(struct pollfd *fds);
void clients_handle(const struct pollfd *fds);
int clients_stalled(void);
int clients_count(void);
void broadcast(char type, const void *bytes, word size);
void clients_started(void);

/* streams.c */
extern int pipes[PIPES];
int above(int fd);
void streams_open(void);
void streams_opened(void);
void streams_close(void);
void pump(int stream);
void pour_input(void);
void give_input(const char *bytes, word size);
void end_input(void);
int input_is_full(void);
void set_window_size(const void *size);

/* health.c */
void health_begin(void);
int health_reap(int pid, int status);
long health_wait(void);
void health_end(void);

/* log.c */
void log_open(void);
char *log_space(int stream, word *room);
void log_take(int stream, word size);
void log_end(int stream);

/* json.c */
char *json_text(char *to, const char *bytes, word count);
char *json_time(char *to, unsigned long now);

/* journal.c */
void journal_prepare(void);
void journal_entry(int stream, const char *line, word count, int partial);

/* record.c */
void record_event(const char *event, int count, const long *numbers);
void settle_status(void);
void tell_now(unsigned about, int count, const long *numbers);
void tell_story(unsigned about);
int memory_ran_out(void);
int read_restart(char *policy, long *most);
int read_small(const char *path, char *buffer, word size);

#endif
