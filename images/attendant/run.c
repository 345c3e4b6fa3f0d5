// SPDX-License-Identifier: GPL-2.0
/* Runs one command and ends it, with all that it started, when its time is over. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attendant.h"
#include "purge.h"
#include "run.h"
#include "student.h"

struct order {
	uint32_t milliseconds, limit;
	enum owner owner;
	char *mark, *command, *environment, *input;
	size_t environment_size, input_size;
};

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void restore_signals(void)
{
	static const int restored[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	size_t at;

	for (at = 0; at < sizeof(restored) / sizeof(restored[0]); at++)
		signal(restored[at], SIG_DFL);
}

void set_environment(const char *pairs, size_t size)
{
	const char *pair = pairs;

	for (; pair < pairs + size; pair += strlen(pair) + 1)
		putenv((char *)pair);
}

static __attribute__((noreturn)) void become(const struct order *order, const int *pipes)
{
	int at;

	restore_signals();
	for (at = 0; at < 3; at++)
		dup2(pipes[at], at);
	setsid();
	if (order->owner != LABKIT)
		spill("/proc/self/oom_score_adj", "0");
	if (order->owner == STUDENT_AS_USER && become_student()) {
		dprintf(STDERR_FILENO, "labkit: privileges not given up: %s\n", strerror(errno));
		_exit(NO_SUCH_PLACE);
	}
	set_environment(order->environment, order->environment_size);
	if (chdir("/lab"))
		_exit(NO_SUCH_PLACE);
	execl("/bin/sh", "sh", "-c", order->command, (char *)NULL);
	_exit(NO_SUCH_PLACE);
}

int drain(struct stream *from, size_t most)
{
	static char data[CHUNK];
	size_t seen = 0;

	while (from->pipe >= 0 && seen < most) {
		ssize_t got = read(from->pipe, data, sizeof(data));
		size_t kept;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return 1;
		if (got <= 0) { /* a terminal that nobody has open any more says EIO */
			close(from->pipe);
			from->pipe = -1;
			return 0;
		}
		seen += got;
		kept = (size_t)got < from->room ? (size_t)got : from->room;
		if (kept)
			reply(from->kind, data, kept);
		from->room -= kept;
		from->cut |= kept < (size_t)got;
	}
	return 1;
}

static void feed(int *pipe, const struct order *order, size_t *fed)
{
	ssize_t done = 0;

	if (*fed < order->input_size)
		done = write(*pipe, order->input + *fed, order->input_size - *fed);
	if (done > 0)
		*fed += done;
	if (*fed >= order->input_size || (done < 0 && errno != EAGAIN && errno != EINTR)) {
		close(*pipe);
		*pipe = -1;
	}
}

/* Carry bytes until the command has ended or its time is over. */
static enum ending attend(const struct order *order, int child, int input, struct stream *streams)
{
	long long end = now_ms() + order->milliseconds;
	size_t fed = 0;

	for (;;) {
		struct pollfd watched[] = {
			{ .fd = child, .events = POLLIN },
			{ .fd = streams[0].pipe, .events = POLLIN },
			{ .fd = streams[1].pipe, .events = POLLIN },
			{ .fd = input, .events = POLLOUT },
		};
		long long left = end - now_ms();

		if (left <= 0)
			return TIMED_OUT;
		if (poll(watched, 4, left > 60000 ? 60000 : (int)left) < 0)
			continue;
		if (watched[3].revents)
			feed(&input, order, &fed);
		if (watched[1].revents)
			drain(&streams[0], CHUNK);
		if (watched[2].revents)
			drain(&streams[1], CHUNK);
		if (watched[0].revents) {
			if (input >= 0)
				close(input);
			return EXITED;
		}
	}
}

void report(enum ending ending, pid_t child, const struct stream *streams, uint32_t killed)
{
	unsigned char numbers[20];
	int status = 0;

	waitpid(child, &status, 0);
	put32(numbers, ending);
	put32(numbers + 4, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	put32(numbers + 8, streams[0].cut);
	put32(numbers + 12, streams[1].cut);
	put32(numbers + 16, killed);
	reply(REPLY_END, numbers, sizeof(numbers));
}

static void start(const struct order *order)
{
	int in[2], out[2], err[2];
	struct stream streams[2];
	struct fence fence;
	enum ending ending;
	uint32_t killed;
	pid_t child;
	int handle;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
		reply_error("no pipe: %s", strerror(errno));
		return;
	}
	raise_fence(&fence, order->owner != LABKIT);
	child = fork();
	if (child == 0)
		become(order, (int[]){ in[0], out[1], err[1] });
	close(in[0]);
	close(out[1]);
	close(err[1]);
	if (child < 0) {
		lower_fence(&fence);
		reply_error("no new process: %s", strerror(errno));
		close(in[1]);
		close(out[0]);
		close(err[0]);
		return;
	}
	note_start(&fence, child);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	streams[0] = (struct stream){ .pipe = out[0], .kind = REPLY_OUT, .room = order->limit };
	streams[1] = (struct stream){ .pipe = err[0], .kind = REPLY_ERR, .room = order->limit };
	handle = syscall(SYS_pidfd_open, child, 0);
	ending = attend(order, handle, in[1], streams);
	killed = purge(&fence, ending == TIMED_OUT);
	drain(&streams[0], LAST_WORDS);
	drain(&streams[1], LAST_WORDS);
	report(ending, child, streams, killed);
	lower_fence(&fence);
	close(handle);
	if (streams[0].pipe >= 0)
		close(streams[0].pipe);
	if (streams[1].pipe >= 0)
		close(streams[1].pipe);
}

void serve_run(struct payload *request)
{
	struct order order;

	order.milliseconds = take_number(request);
	order.owner = take_number(request);
	order.limit = take_number(request);
	order.mark = take_string(request, NULL);
	order.command = take_string(request, NULL);
	order.environment = take_string(request, &order.environment_size);
	order.input = take_string(request, &order.input_size);
	if (order.mark[0])
		tell_kernel_log(order.mark);
	start(&order);
	free(order.mark);
	free(order.command);
	free(order.environment);
	free(order.input);
}
