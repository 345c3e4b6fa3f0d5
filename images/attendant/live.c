// SPDX-License-Identifier: GPL-2.0
/* Runs a command that is fed and heard while it runs, on pipes or on a terminal of its own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attendant.h"
#include "purge.h"
#include "run.h"

#define NOT_FOUND 127
#define GRACE_MS 2000 /* from SIGTERM to SIGKILL */
#define FOR_EVER_MS 60000 /* of one poll */

struct wish {
	uint32_t milliseconds, terminal; /* 0 milliseconds: as long as it takes */
	struct winsize size;
	char *words, *environment;
	size_t words_size, environment_size;
};

/* Both sides of the command's standard streams; a terminal has one for both outputs. */
struct ends {
	int theirs[3], ours[3];
};

struct live {
	pid_t child;
	int handle; /* of the child; readable when it has ended */
	int input; /* -1 when nothing more comes, or nobody takes it */
	int overdue;
	long long end;
	struct stream streams[2];
	struct payload pending; /* input that the command has not taken yet */
};

static int open_pipes(struct ends *ends)
{
	int at, pair[2];

	for (at = 0; at < 3; at++) {
		if (pipe2(pair, O_CLOEXEC))
			return -1;
		ends->theirs[at] = pair[at != STDIN_FILENO];
		ends->ours[at] = pair[at == STDIN_FILENO];
	}
	return 0;
}

static int open_terminal(struct ends *ends, const struct winsize *size)
{
	int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), theirs;

	if (ours < 0 || unlockpt(ours) || ioctl(ours, TIOCSWINSZ, size))
		return -1;
	theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs < 0)
		return -1;
	*ends = (struct ends){
		.theirs = { theirs, theirs, theirs },
		.ours = { fcntl(ours, F_DUPFD_CLOEXEC, 0), ours, -1 },
	};
	return 0;
}

/* The words of a block in which each ends with a NUL; what it returns dies with its process. */
static char **split(char *block, size_t size)
{
	char **words = calloc(size + 1, sizeof(*words));
	char *word = block;
	size_t count = 0;

	for (; words && word < block + size; word += strlen(word) + 1)
		words[count++] = word;
	return words;
}

static __attribute__((noreturn)) void become(const struct wish *wish, const struct ends *ends)
{
	char **words = split(wish->words, wish->words_size);
	int at, error;

	restore_signals();
	setsid();
	if (wish->terminal)
		ioctl(ends->theirs[0], TIOCSCTTY, 0);
	for (at = 0; at < 3; at++)
		dup2(ends->theirs[at], at);
	spill("/proc/self/oom_score_adj", "0");
	set_environment(wish->environment, wish->environment_size);
	if (!words || !words[0] || chdir("/lab"))
		_exit(NO_SUCH_PLACE);
	execvp(words[0], words);
	error = errno;
	dprintf(STDERR_FILENO, "labkit: cannot run '%s': %s\n", words[0], strerror(error));
	_exit(error == ENOENT ? NOT_FOUND : NO_SUCH_PLACE);
}

static void close_input(struct live *live)
{
	if (live->input >= 0)
		close(live->input);
	live->input = -1;
	live->pending.left = 0;
}

static void feed(struct live *live)
{
	ssize_t done = write(live->input, live->pending.at, live->pending.left);

	if (done < 0 && errno != EAGAIN && errno != EINTR)
		close_input(live); /* the command does not read any more */
	if (done > 0)
		take_bytes(&live->pending, done);
}

/* What the other side of the connection says while the command runs. */
static void hear(struct live *live)
{
	struct payload said;
	struct winsize size = { 0 };
	uint32_t kind;

	if (!receive(&kind, &said))
		exit(1);
	if (kind == ASK_INPUT) {
		free(live->pending.whole);
		live->pending = said;
		if (!said.left || live->input < 0)
			close_input(live);
		return;
	}
	if (kind != ASK_SIZE)
		exit(125);
	size.ws_col = take_number(&said);
	size.ws_row = take_number(&said);
	ioctl(live->streams[0].pipe, TIOCSWINSZ, &size);
	free(said.whole);
}

/* 1 when the time after the time was over has passed as well. */
static int is_over(struct live *live)
{
	if (!live->end || now_ms() < live->end)
		return 0;
	if (live->overdue++)
		return 1;
	kill(-live->child, SIGTERM);
	live->end = now_ms() + GRACE_MS;
	return 0;
}

static void attend(struct live *live)
{
	for (;;) {
		int waits = live->pending.left > 0;
		struct pollfd watched[] = {
			{ .fd = live->handle, .events = POLLIN },
			{ .fd = live->streams[0].pipe, .events = POLLIN },
			{ .fd = live->streams[1].pipe, .events = POLLIN },
			{ .fd = waits ? live->input : -1, .events = POLLOUT },
			{ .fd = waits ? -1 : STDIN_FILENO, .events = POLLIN },
		};
		long long left = live->end ? live->end - now_ms() : FOR_EVER_MS;

		if (is_over(live))
			return;
		if (left < 0 || left > FOR_EVER_MS)
			left = left < 0 ? 0 : FOR_EVER_MS;
		if (poll(watched, sizeof(watched) / sizeof(watched[0]), (int)left) < 0)
			continue;
		if (watched[1].revents)
			drain(&live->streams[0], CHUNK);
		if (watched[2].revents)
			drain(&live->streams[1], CHUNK);
		if (watched[3].revents)
			feed(live);
		if (watched[0].revents)
			return;
		if (watched[4].revents)
			hear(live);
	}
}

static void close_ends(const int *ends)
{
	int at;

	for (at = 0; at < 3; at++)
		if (ends[at] >= 0 && (at == 0 || ends[at] != ends[0]))
			close(ends[at]);
}

static void talk(struct live *live, const struct ends *ends, struct fence *fence)
{
	uint32_t killed;
	int at;

	for (at = 0; at < 3; at++)
		fcntl(ends->ours[at], F_SETFL, O_NONBLOCK);
	attend(live);
	killed = purge(fence, live->overdue);
	for (at = 0; at < 2; at++) {
		drain(&live->streams[at], LAST_WORDS);
		if (live->streams[at].pipe >= 0)
			close(live->streams[at].pipe);
	}
	close_input(live);
	free(live->pending.whole);
	report(live->overdue ? TIMED_OUT : EXITED, live->child, live->streams, killed);
}

static void start(const struct wish *wish)
{
	struct live live = { 0 };
	struct fence fence;
	struct ends ends;

	if (wish->terminal ? open_terminal(&ends, &wish->size) : open_pipes(&ends)) {
		reply_error("no pipe or terminal: %s", strerror(errno));
		return;
	}
	raise_fence(&fence, 0);
	live.child = fork();
	if (live.child == 0)
		become(wish, &ends);
	close_ends(ends.theirs);
	if (live.child < 0) {
		reply_error("no new process: %s", strerror(errno));
		close_ends(ends.ours);
		return;
	}
	note_start(&fence, live.child);
	live.handle = syscall(SYS_pidfd_open, live.child, 0);
	live.input = ends.ours[0];
	live.end = wish->milliseconds ? now_ms() + wish->milliseconds : 0;
	live.streams[0] = (struct stream){ .pipe = ends.ours[1], .kind = REPLY_OUT, .room = SIZE_MAX };
	live.streams[1] = (struct stream){ .pipe = ends.ours[2], .kind = REPLY_ERR, .room = SIZE_MAX };
	talk(&live, &ends, &fence);
	close(live.handle);
	lower_fence(&fence);
}

void serve_live(struct payload *request)
{
	struct wish wish = { 0 };

	wish.milliseconds = take_number(request);
	wish.terminal = take_number(request);
	wish.size.ws_col = take_number(request);
	wish.size.ws_row = take_number(request);
	wish.words = take_string(request, &wish.words_size);
	wish.environment = take_string(request, &wish.environment_size);
	start(&wish);
	free(wish.words);
	free(wish.environment);
}
