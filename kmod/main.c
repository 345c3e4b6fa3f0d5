// SPDX-License-Identifier: GPL-2.0
/*
 * labkit: asks the running kernel's memory management what /proc does not tell.
 *
 * One write to /proc/labkit/cmd is one command; /proc/labkit/result then holds its outcome, one
 * JSON line a result, each with the number of the command. A command that fails gives its errno to
 * the writer and a sentence to the reader. Not in debugfs: on a locked down kernel nobody opens a
 * file there that can be written (fs/debugfs/file.c: debugfs_locked_down(), since v5.4).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "labkit.h"

#define LABKIT_MAX_LINE 127
#define LABKIT_MAX_RESULT (16 << 10)

struct labkit_command {
	const char *name;
	unsigned int min_words;
	unsigned int max_words;
	const char *usage;
	int (*run)(struct labkit_call *call);
};

static int labkit_help(struct labkit_call *call);

static const struct labkit_command labkit_commands[] = {
	{ "help", 1, 1, "help", labkit_help },
	{ "alloc", 2, 4, "alloc ORDER [NODE|any] [GFP_NAME]", labkit_alloc },
	{ "free", 2, 2, "free ID|all", labkit_free },
	{ "still", 3, 5, "still alloc ORDER [NODE|any] [GFP_NAME], still free ID", labkit_still },
	{ "drain", 1, 1, "drain", labkit_drain },
	{ "fa", 1, 1, "fa", labkit_fa },
	{ "is_free", 2, 2, "is_free PFN", labkit_is_free },
	{ "pageinfo", 2, 2, "pageinfo PFN", labkit_pageinfo },
	{ "is_slab", 2, 2, "is_slab PFN", labkit_is_slab },
	{ "unmovable", 2, 3, "unmovable N STRIDE, unmovable free", labkit_unmovable },
	{ "kmax", 1, 1, "kmax", labkit_kmax },
	{ "kmalloc", 2, 3, "kmalloc SIZE [GFP_NAME]", labkit_kmalloc },
	{ "ksize", 2, 2, "ksize ID", labkit_ksize },
	{ "kfree", 2, 2, "kfree ID|all", labkit_kfree },
	{ "vmalloc", 2, 2, "vmalloc BYTES", labkit_vmalloc },
	{ "kvmalloc", 2, 2, "kvmalloc BYTES", labkit_kvmalloc },
	{ "vfree", 2, 2, "vfree ID|all", labkit_vfree },
	{ "runs", 2, 3, "runs ID [FROM]", labkit_runs },
	{ "atomic", 2, 2, "atomic SIZE", labkit_atomic },
	{ "cache", 3, 7, "cache create|alloc|free|shrink|destroy NAME", labkit_cache },
	{ "walk", 3, 3, "walk PID VADDR", labkit_walk },
};

/* Held while a command runs and while a result is copied out: nobody reads half of one. */
static DEFINE_MUTEX(labkit_lock);
static char labkit_text[LABKIT_MAX_RESULT];
static struct seq_buf labkit_result;
static u64 labkit_seq;

static int labkit_help(struct labkit_call *call)
{
	size_t i;

	seq_buf_printf(call->out, ",\"commands\":[");
	for (i = 0; i < ARRAY_SIZE(labkit_commands); i++)
		seq_buf_printf(call->out, "%s\"%s\"", i ? "," : "", labkit_commands[i].usage);
	seq_buf_printf(call->out, "]");
	return 0;
}

static const struct labkit_command *labkit_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(labkit_commands); i++)
		if (!strcmp(labkit_commands[i].name, name))
			return &labkit_commands[i];
	return NULL;
}

static int labkit_split(struct labkit_call *call, char *line)
{
	char *word;

	while ((word = strsep(&line, " \t\n"))) {
		if (!*word)
			continue;
		if (call->nr_words == LABKIT_MAX_WORDS)
			return labkit_refuse(call, -EINVAL, "too many words");
		call->words[call->nr_words++] = word;
	}
	if (!call->nr_words)
		return labkit_refuse(call, -EINVAL, "no command");
	return 0;
}

static int labkit_run(struct labkit_call *call, const struct labkit_command *command)
{
	int err;

	if (call->nr_words < command->min_words || call->nr_words > command->max_words)
		return labkit_refuse(call, -EINVAL, command->usage);
	seq_buf_printf(call->out, "{\"seq\":%llu,\"cmd\":\"%s\",\"ok\":true", labkit_seq,
		       command->name);
	err = command->run(call);
	if (err)
		return err;
	seq_buf_printf(call->out, "}\n");
	if (seq_buf_has_overflowed(call->out))
		return labkit_refuse(call, -ENOSPC, "the result is too long");
	return 0;
}

static int labkit_execute(char *line)
{
	struct labkit_call call = { .out = &labkit_result };
	const struct labkit_command *command = NULL;
	int err;

	labkit_seq++;
	seq_buf_clear(&labkit_result);
	err = labkit_split(&call, line);
	if (!err) {
		command = labkit_find(call.words[0]);
		err = command ? labkit_run(&call, command) :
				labkit_refuse(&call, -EINVAL, "unknown command");
	}
	if (!err)
		return 0;
	seq_buf_clear(&labkit_result);
	seq_buf_printf(&labkit_result, "{\"seq\":%llu,\"cmd\":", labkit_seq);
	if (command)
		seq_buf_printf(&labkit_result, "\"%s\"", command->name);
	else
		seq_buf_printf(&labkit_result, "null");
	seq_buf_printf(&labkit_result, ",\"ok\":false,\"errno\":%d,\"error\":\"%s\"}\n", -err,
		       call.error);
	return err;
}

static ssize_t labkit_cmd_write(struct file *file, const char __user *from, size_t count,
				loff_t *pos)
{
	char line[LABKIT_MAX_LINE + 1];
	size_t i;
	int err;

	if (count > LABKIT_MAX_LINE)
		return -E2BIG;
	if (copy_from_user(line, from, count))
		return -EFAULT;
	line[count] = '\0';
	for (i = 0; i < count; i++)
		if (!isascii(line[i]) || (!isprint(line[i]) && !isspace(line[i])))
			return -EINVAL;
	err = mutex_lock_interruptible(&labkit_lock);
	if (err)
		return err;
	err = labkit_execute(line);
	mutex_unlock(&labkit_lock);
	return err ? err : count;
}

static int labkit_result_show(struct seq_file *m, void *unused)
{
	int err;

	err = mutex_lock_interruptible(&labkit_lock);
	if (err)
		return err;
	seq_write(m, labkit_text, seq_buf_used(&labkit_result));
	mutex_unlock(&labkit_lock);
	return 0;
}

static const struct proc_ops labkit_cmd_ops = {
	.proc_write = labkit_cmd_write,
	.proc_lseek = noop_llseek,
};

static int __init labkit_init(void)
{
	struct proc_dir_entry *dir;

	seq_buf_init(&labkit_result, labkit_text, sizeof(labkit_text));
	labkit_pages_init();
	dir = proc_mkdir_mode("labkit", 0500, NULL);
	if (!dir)
		return -ENOMEM;
	if (!proc_create_single("result", 0400, dir, labkit_result_show))
		goto remove;
	if (!proc_create("cmd", 0200, dir, &labkit_cmd_ops))
		goto remove;
	return 0;

remove:
	proc_remove(dir);
	return -ENOMEM;
}

static void __exit labkit_exit(void)
{
	remove_proc_subtree("labkit", NULL);
	labkit_caches_exit();
	labkit_regions_exit();
	labkit_unmovable_exit();
	labkit_pages_exit();
}

module_init(labkit_init);
module_exit(labkit_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The labkit authors");
MODULE_DESCRIPTION("Questions to the kernel's memory management, for labs");
