"""Scene ledger: the pool's numbers and the ends of labkit's own processes, against what was predicted."""

from __future__ import annotations

from labkit.grade.drawn import number
from labkit.grade.judging import Answers, Decided, broken, failed, passed, require_completed
from labkit.grade.witnessed import require_reading
from labkit.model.evidence import BEFORE, Evidence, SceneEvidence, after_step
from labkit.model.verdict import Judgement
from labkit.model.witness import TaskView

from .pool import HUGE_MIB, NODE_PAGES, POOL
from .reading import book_after, four_numbers, judge_answers, point, pools, predictions, told

HOLDER = "holder"
# MiB: what programs that start and end meanwhile do to free memory, and what each CPU keeps of it. The pool
# grows by 16 MiB and more.
FREE_DRIFT = 6
FAULTS = 2  # a page of the program's own may be touched for the first time between the two counts
SMALL_MIB = 2  # a process of one small static program has 0.6 MiB, with the pages of its file
UNCHARGED_PAGES = 10  # as lab.toml's step has them: 20 MiB under a limit of 8


def mapped(evidence: Evidence) -> Judgement:
    """You said what the pool shows when pages were mapped, and none was touched."""
    return _judge_book(evidence, "mapped")


def touched(evidence: Evidence) -> Judgement:
    """You said what the pool shows when some of them were touched."""
    return _judge_book(evidence, "touched")


def shrunk(evidence: Evidence) -> Judgement:
    """You said what becomes of a pool that is told to be smaller than what is in use."""
    return _judge_book(evidence, "shrunk")


def surplus(evidence: Evidence) -> Judgement:
    """You said what the pool shows when more is mapped than it has, and overcommit allows it."""
    return _judge_book(evidence, "surplus")


def beyond(evidence: Evidence) -> Judgement:
    """You said how it ends when somebody maps more than is left, and not more than is free."""
    return _judge_end(evidence, beyond="beyond")


def noreserve(evidence: Evidence) -> Judgement:
    """You said how far MAP_NORESERVE leads, and how it ends."""
    return _judge_end(evidence, pages="noreserve_pages", noreserve="noreserve")


def limits(evidence: Evidence) -> Judgement:
    """You said how it ends at a limit of the hugetlb controller: on pages, and on promises."""
    return _judge_end(evidence, pages="limited_pages", limited="limited", limited_promise="limited-promise")


def costs(evidence: Evidence) -> Judgement:
    """You said how much free memory a larger pool costs, and how much it costs to use it."""
    scene = _scene(evidence)
    before, grown, filled = (_free_mib(scene, step) for step in ("returned", "grown", "filled"))
    said = predictions(evidence)
    spent = {"grow_mib": before - grown, "touch_mib": grown - filled}
    right = {name: _near(said, name, mib, FREE_DRIFT) for name, mib in spent.items()}
    expected = ", ".join(f"{name} = {mib}" for name, mib in spent.items()) + f" (each ± {FREE_DRIFT})"
    return judge_answers(said, right, expected)


def unseen(evidence: Evidence) -> Judgement:
    """You said how many faults the touched huge pages take, and how much of them is resident memory."""
    scene = _scene(evidence)
    faults = told(scene, "touched").faults
    rss = _holder(scene, "touched").rss
    said = predictions(evidence)
    right = {
        "faults": _near(said, "faults", faults, FAULTS),
        "rss_mib": _near(said, "rss_mib", rss >> 20, SMALL_MIB),
    }
    mib = number(evidence.request.parameters, "touched") * HUGE_MIB
    expected = f"faults = {faults} ± {FAULTS}, rss_mib = 0 (of {mib} MiB; its VmRSS is {rss >> 10} KiB)"
    return judge_answers(said, right, expected)


def uncharged(evidence: Evidence) -> Judgement:
    """You said how a process ends that touches more in huge pages than its cgroup's memory.max."""
    scene = _scene(evidence)
    end = told(scene, "uncharged").end
    seen = require_reading(scene, after_step("uncharged"))
    group = seen.memcg("/uncharged")
    if group is None or group.max is None:
        return broken("the cgroup /uncharged and its limit", "the kernel has none")
    said = predictions(evidence)
    word = said.word("uncharged")
    mib = UNCHARGED_PAGES * HUGE_MIB
    expected = (
        f"uncharged = '{end}': {mib} MiB, memory.max {group.max >> 20} MiB, peak {group.peak >> 10} KiB"
    )
    judge = passed if word == end else failed
    return judge(expected, f"uncharged = '{word}'", said.show("uncharged", right=word == end))


def boot_pools(evidence: Evidence) -> Judgement:
    """The kernel's command line made a pool of its own on each node: hugepages=0:12,1:8."""
    seen = require_reading(require_completed(evidence, "book"), BEFORE)
    found = {f"node {each.node}": each.total for each in pools(seen)}
    expected = {f"node {node}": pages for node, pages in enumerate(NODE_PAGES)}
    judge = passed if found == expected else failed
    return judge(str(expected), str(found), point(seen, hugepages=str(found)))


def all_back(evidence: Evidence) -> Judgement:
    """When all of them are gone the pool is whole again, and nothing is surplus."""
    seen, found = book_after(_scene(evidence), "returned")
    judge = passed if found == (POOL, POOL, 0, 0) else failed
    return judge(str([POOL, POOL, 0, 0]), str(list(found)), point(seen, hugepages=str(list(found))))


def _scene(evidence: Evidence) -> SceneEvidence:
    return require_completed(evidence, "ledger")


def _judge_book(evidence: Evidence, moment: str) -> Judgement:
    _, real = book_after(_scene(evidence), moment)
    said = predictions(evidence)
    guess = four_numbers(said, moment)
    judge = passed if guess == real else failed
    expected = f"{moment} = {list(real)} (total, free, reserved, surplus)"
    return judge(expected, f"{moment} = {list(guess)}", said.show(moment, right=guess == real))


def _judge_end(evidence: Evidence, *, pages: str = "", **ends: str) -> Judgement:
    """Words on how steps end, each by its answer's name; with `pages` how far the first of them came."""
    scene = _scene(evidence)
    real = {answer: told(scene, step) for answer, step in ends.items()}
    said = predictions(evidence)
    right = {answer: said.word(answer) == holder.end for answer, holder in real.items()}
    expected = [f"{answer} = '{holder.end}'" for answer, holder in real.items()]
    if pages:
        first = next(iter(real.values()))
        right[pages] = said.integer(pages) == first.touched
        expected.append(f"{pages} = {first.touched}")
    return judge_answers(said, right, ", ".join(expected))


def _near(said: Answers, name: str, real: int, within: int) -> bool:
    """Whether an answer is within so much of what happened. A negative one is the starter's: none."""
    guess = said.integer(name)
    return guess >= 0 and abs(guess - real) <= within


def _free_mib(scene: SceneEvidence, step: str) -> int:
    """NR_FREE_PAGES of all zones, with what each CPU has yet to add."""
    seen = require_reading(scene, after_step(step))
    if seen.reading.zones is None:
        raise Decided(broken(f"zones in {seen.witnessed.where}", "the lab did not ask for them"))
    return sum(zone.counter_pages for zone in seen.reading.zones) >> 8


def _holder(scene: SceneEvidence, step: str) -> TaskView:
    """labkit's own process that sleeps on its pages: the child, which was started last."""
    tasks = require_reading(scene, after_step(step)).named(HOLDER)
    if not tasks:
        raise Decided(broken(f"labkit's holder after step '{step}'", "it is not there"))
    return tasks[-1]
