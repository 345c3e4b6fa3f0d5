// SPDX-License-Identifier: GPL-2.0
/*
 * cache: slab caches of one's own, their objects taken and given back in patterns. What became of
 * them is in /proc/slabinfo and /sys/kernel/slab.
 */
#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "labkit.h"

#define LABKIT_MAX_CACHES 16
#define LABKIT_MAX_OBJECT 65536

static_assert(LABKIT_MAX_CACHES == 16); /* a sentence below names it */

/*
 * Objects that are held are chained through their first word, oldest first: keeping account of them
 * takes no memory that a lab might count.
 */
struct labkit_object {
	struct labkit_object *next;
};

static struct labkit_cache {
	char name[32];
	struct kmem_cache *cache; /* NULL: the slot is free */
	struct labkit_object *first;
	struct labkit_object **end; /* where the next object is to be noted */
	unsigned long held;
	bool ctor;
} labkit_caches[LABKIT_MAX_CACHES];

static atomic_long_t labkit_constructed;

static void labkit_construct(void *unused)
{
	atomic_long_inc(&labkit_constructed);
}

/* No name of the kernel's own begins so; two caches of one name are an error to sysfs. */
static bool labkit_good_name(const char *name)
{
	const char *c;

	if (strncmp(name, "lab", 3) || strlen(name) >= sizeof(labkit_caches[0].name))
		return false;
	for (c = name; *c; c++)
		if (!isalnum(*c) && *c != '_')
			return false;
	return true;
}

static struct labkit_cache *labkit_find_cache(const char *name)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_CACHES; i++)
		if (labkit_caches[i].cache && !strcmp(labkit_caches[i].name, name))
			return &labkit_caches[i];
	return NULL;
}

static struct labkit_cache *labkit_free_cache(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_CACHES; i++)
		if (!labkit_caches[i].cache)
			return &labkit_caches[i];
	return NULL;
}

/* words: cache create NAME SIZE ALIGN FLAGS [ctor] */
static int labkit_cache_create(struct labkit_call *call)
{
	struct labkit_cache *slot = labkit_free_cache();
	unsigned int size, align;
	slab_flags_t flags;
	bool ctor;

	if (call->nr_words < 6)
		return labkit_refuse(call, -EINVAL, "cache create NAME SIZE ALIGN FLAGS [ctor]");
	if (!labkit_good_name(call->words[2]))
		return labkit_refuse(call, -EINVAL, "NAME: lab, then letters, digits or _");
	if (labkit_find_cache(call->words[2]))
		return labkit_refuse(call, -EEXIST, "NAME: there is such a cache");
	if (kstrtouint(call->words[3], 10, &size) || size < sizeof(struct labkit_object) ||
	    size > LABKIT_MAX_OBJECT)
		return labkit_refuse(call, -EINVAL, "SIZE: give 8 to 65536");
	if (kstrtouint(call->words[4], 10, &align) || align > PAGE_SIZE ||
	    (align && !is_power_of_2(align)))
		return labkit_refuse(call, -EINVAL, "ALIGN: give 0 or a power of 2 to 4096");
	if (!labkit_parse_slab_flags(call->words[5], &flags))
		return labkit_refuse(call, -EINVAL,
				     "FLAGS: names that this kernel has, joined by |, or none");
	ctor = call->nr_words == 7;
	if (ctor && strcmp(call->words[6], "ctor"))
		return labkit_refuse(call, -EINVAL, "the last word may be ctor");
	if (!slot)
		return labkit_refuse(call, -ENOSPC, "all 16 caches are taken; destroy one");
	slot->cache = kmem_cache_create(call->words[2], size, align, flags,
					ctor ? labkit_construct : NULL);
	if (!slot->cache)
		return labkit_refuse(call, -ENOMEM, "the kernel made no such cache");
	strscpy(slot->name, call->words[2], sizeof(slot->name));
	slot->first = NULL;
	slot->end = &slot->first;
	slot->held = 0;
	slot->ctor = ctor;
	seq_buf_printf(call->out, ",\"name\":\"%s\",\"size\":%u", slot->name,
		       kmem_cache_size(slot->cache));
	return 0;
}

static void labkit_print_held(struct seq_buf *out, const struct labkit_cache *slot)
{
	seq_buf_printf(out, ",\"name\":\"%s\",\"held\":%lu", slot->name, slot->held);
}

static int labkit_cache_alloc(struct labkit_call *call, struct labkit_cache *slot)
{
	long before = atomic_long_read(&labkit_constructed);
	unsigned long nr, taken;

	if (call->nr_words != 4 || kstrtoul(call->words[3], 10, &nr) || !nr)
		return labkit_refuse(call, -EINVAL, "cache alloc NAME N");
	if (nr > ULONG_MAX / LABKIT_MAX_OBJECT ||
	    !labkit_leaves_enough(nr * kmem_cache_size(slot->cache) >> PAGE_SHIFT))
		return labkit_refuse(call, -ENOMEM, "N: nearly all that is available");
	/* Fewer where memory ends; nobody is killed for an object. */
	for (taken = 0; taken < nr && !fatal_signal_pending(current); taken++) {
		struct labkit_object *object;

		object = kmem_cache_alloc(slot->cache, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!object)
			break;
		object->next = NULL;
		*slot->end = object;
		slot->end = &object->next;
		slot->held++;
		cond_resched();
	}
	labkit_print_held(call->out, slot);
	seq_buf_printf(call->out, ",\"taken\":%lu", taken);
	if (slot->ctor)
		seq_buf_printf(call->out, ",\"constructed\":%ld",
			       atomic_long_read(&labkit_constructed) - before);
	return 0;
}

/* Of the oldest on, every stride-th, `most` at most. */
static unsigned long labkit_free_objects(struct labkit_cache *slot, unsigned long stride,
					 unsigned long most)
{
	struct labkit_object **link = &slot->first;
	unsigned long i = 0, freed = 0;

	while (*link && freed < most) {
		struct labkit_object *object = *link;

		cond_resched();
		if (++i % stride) {
			link = &object->next;
			continue;
		}
		*link = object->next;
		if (!*link)
			slot->end = link;
		kmem_cache_free(slot->cache, object);
		freed++;
	}
	slot->held -= freed;
	return freed;
}

static int labkit_cache_free(struct labkit_call *call, struct labkit_cache *slot)
{
	unsigned long stride = 1, most = ULONG_MAX, freed;
	const char *usage = "cache free NAME N|all, or cache free NAME every K";
	bool every = call->nr_words == 5 && !strcmp(call->words[3], "every");

	if (every && (kstrtoul(call->words[4], 10, &stride) || !stride))
		return labkit_refuse(call, -EINVAL, usage);
	if (!every && call->nr_words != 4)
		return labkit_refuse(call, -EINVAL, usage);
	if (!every && strcmp(call->words[3], "all") && kstrtoul(call->words[3], 10, &most))
		return labkit_refuse(call, -EINVAL, usage);
	freed = labkit_free_objects(slot, stride, most);
	labkit_print_held(call->out, slot);
	seq_buf_printf(call->out, ",\"freed\":%lu", freed);
	return 0;
}

static int labkit_cache_shrink(struct labkit_call *call, struct labkit_cache *slot)
{
	/* What it returns is no errno: 1 if slabs are left. */
	kmem_cache_shrink(slot->cache);
	labkit_print_held(call->out, slot);
	return 0;
}

static int labkit_cache_destroy(struct labkit_call *call, struct labkit_cache *slot)
{
	/* Destroyed with objects in it a cache WARNs, and stays. */
	if (slot->held)
		return labkit_refuse(call, -EBUSY, "NAME: it has objects; cache free NAME all");
	kmem_cache_destroy(slot->cache);
	slot->cache = NULL;
	labkit_print_held(call->out, slot);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct labkit_call *call, struct labkit_cache *slot);
} labkit_cache_verbs[] = {
	{ "alloc", labkit_cache_alloc },
	{ "free", labkit_cache_free },
	{ "shrink", labkit_cache_shrink },
	{ "destroy", labkit_cache_destroy },
};

int labkit_cache(struct labkit_call *call)
{
	struct labkit_cache *slot;
	size_t i;

	if (!strcmp(call->words[1], "create"))
		return labkit_cache_create(call);
	slot = labkit_find_cache(call->words[2]);
	for (i = 0; i < ARRAY_SIZE(labkit_cache_verbs); i++) {
		if (strcmp(labkit_cache_verbs[i].name, call->words[1]))
			continue;
		if (!slot)
			return labkit_refuse(call, -ENOENT, "NAME: there is no such cache");
		return labkit_cache_verbs[i].run(call, slot);
	}
	return labkit_refuse(call, -EINVAL, "cache create|alloc|free|shrink|destroy NAME");
}

void labkit_caches_exit(void)
{
	size_t i;

	for (i = 0; i < LABKIT_MAX_CACHES; i++) {
		if (!labkit_caches[i].cache)
			continue;
		labkit_free_objects(&labkit_caches[i], 1, ULONG_MAX);
		kmem_cache_destroy(labkit_caches[i].cache);
	}
}
