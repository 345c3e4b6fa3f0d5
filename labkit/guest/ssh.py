"""SSH into a guest: connect with keys of its own, run commands with an end, move files."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import paramiko
from typing_extensions import assert_never

from labkit.guest.attendant import PROGRAM, TAMPERED, Answers, Frame, Say, run_request
from labkit.guest.door import STREAM_LIMIT, Completed, Ending, GuestLost
from labkit.guest.pump import GONE, Stop, hang_up, pump
from labkit.model.errors import Broken
from labkit.model.lab import Tier
from labkit.model.units import Deadline, Size

KEEPALIVE = "keepalive@labkit"
RETRY = 0.05  # seconds between two tries
SILENCE = 30.0  # seconds a living guest may take to open a channel, thrashing under TCG included
GOODBYE = 1.0  # seconds for a process that was told that its input has ended
STEP_LIMIT = int(Size.mib(1))


class Guest:
    """An open connection to a guest. One request at a time, from one thread.

    An attendant is started on first need and serves every request; one that was killed is started again.
    """

    def __init__(self, transport: paramiko.Transport, silence: float) -> None:
        self._transport = transport
        self._silence = silence
        self._attendant: paramiko.Channel | None = None

    def run(
        self,
        command: str,
        *,
        deadline: Deadline,
        env: Mapping[str, str] | None = None,
        student: Tier | None = None,
        stdin: bytes = b"",
        limit: int = STEP_LIMIT,
        mark: str = "",
    ) -> Completed:
        """Run shell text in /lab, in a session of its own, and say how it ended; a lost guest is a value too.

        At the deadline the command and all that was started since, root's, daemons and fork bombs included,
        is killed in the guest. What a command that ended in time left in the background stays.
        A `student`'s command has labkit's protection from the OOM killer no more; at the tier `user`, which
        `enforce` must have been told, it is an unprivileged process. `limit` is bytes a stream. A `mark` is
        written into the kernel's log before.
        """
        started = time.monotonic()
        patience = Deadline.after(deadline.remaining + self._silence, deadline.phase)
        given = run_request(
            command,
            # The guest's timer rings after the host's: an end by the timer is never taken for an exit.
            seconds=deadline.remaining + 0.2,
            limit=limit,
            student=student,
            env=env,
            stdin=stdin,
            mark=mark,
        )
        heard = Answers()
        try:
            stop = self._exchange(given, heard, deadline=patience)
        except GuestLost as lost:
            return _completed(lost.ending, heard, started)
        ending = self._ending(stop, heard, patience)
        if deadline.expired and ending in (Ending.EXITED, Ending.KILLED):
            ending = Ending.TIMED_OUT
        return _completed(ending, heard, started)

    def ask(
        self, command: str, given: bytes = b"", *, deadline: Deadline, limit: int = STREAM_LIMIT
    ) -> bytes:
        """Run labkit's own shell text with `given` as its input, return its standard output whole.

        Raises GuestLost when no answer comes, Broken when the command fails or says more than `limit` bytes.
        """
        done = self.run(command, deadline=deadline, stdin=given, limit=limit)
        if done.status is None:
            ending = Ending.HUNG if done.ending is Ending.TIMED_OUT else done.ending
            raise GuestLost(ending=ending, where=f"guest, {deadline.phase}")
        if done.status != 0 or done.cut:
            what = f"wrote more than {limit} bytes" if done.cut else f"ended with {done.status}"
            raise Broken(
                where=f"guest, {deadline.phase}",
                found=f"labkit's own command {what}",
                fix="look at console.log, and report this with the run directory",
                detail=done.stderr[-2000:].decode("utf-8", "replace"),
            )
        return done.stdout

    def request(
        self,
        given: bytes,
        *,
        deadline: Deadline,
        wanted: int = 1,
        each: Callable[[Frame], None] | None = None,
    ) -> Answers:
        """What the attendant answers to requests (see Door); `each` hears the frames as they come."""
        heard = Answers(wanted=wanted, each=each)
        match self._exchange(given, heard, deadline=deadline):
            case Stop.DONE:
                if heard.error:
                    raise Broken(
                        where=f"guest, {deadline.phase}",
                        found=heard.error,
                        fix="report this with console.log",
                    )
                return heard
            case Stop.CLOSED:
                ending = self._why_no_status(deadline)
            case _:
                ending = Ending.HUNG
        raise GuestLost(ending=ending, where=f"guest, {deadline.phase}")

    def answers(self, deadline: Deadline) -> bool:
        """Whether dropbear answers: a global request it does not know, which it must refuse (RFC 4254, 4).

        Opening a channel would ask as well, but dropbear closes no session channel in which nothing was
        started (src/svr-chansession.c: sesscheckclose), and the sixth is refused.
        """
        asking = threading.Thread(target=self._transport.global_request, args=(KEEPALIVE,), daemon=True)
        asking.start()
        asking.join(deadline.remaining)
        return not asking.is_alive() and self._transport.is_active()

    @contextmanager
    def channel(self, deadline: Deadline) -> Iterator[paramiko.Channel]:
        """A session channel, closed on both sides when the block ends.

        dropbear is left the time to reap the channel's process: measured with 2022.83, it hangs up at once on
        a channel opened while another's process is ending (7 times in 120 rounds of a put and an ask).
        """
        with self._gone_is_told(deadline):
            channel = self._transport.open_session(timeout=deadline.remaining)
        try:
            yield channel
        finally:
            with suppress(*GONE):
                channel.shutdown_write()
            for _ in deadline.sooner(GOODBYE, "close").polls(RETRY / 5):
                if channel.closed:
                    break
            hang_up(channel)

    @contextmanager
    def sftp(self, deadline: Deadline) -> Iterator[paramiko.SFTPClient]:
        """An SFTP session whose every answer must come before the deadline."""
        with self.channel(deadline) as channel, self._gone_is_told(deadline):
            channel.settimeout(deadline.remaining)
            channel.invoke_subsystem("sftp")
            yield paramiko.SFTPClient(channel)
            # Wait for sftp-server's end: while dropbear still tears its session down, it closes a session
            # channel that is opened meanwhile (measured: 8 of 250 under load, none of 250 with this wait).
            channel.shutdown_write()
            channel.status_event.wait(deadline.remaining)

    def close(self) -> None:
        """Hang up."""
        if self._attendant is not None:
            hang_up(self._attendant)  # only so does paramiko close the pipe behind fileno()
        self._transport.close()

    @contextmanager
    def attended(self, deadline: Deadline) -> Iterator[paramiko.Channel]:
        """The channel to the attendant, which is started if it does not run.

        A block that ends in an exception hangs up on it: where its answer would end is not known.
        """
        channel = self._attended(deadline)
        try:
            yield channel
        except BaseException:
            hang_up(channel)
            raise

    def _exchange(self, given: bytes, heard: Answers, *, deadline: Deadline) -> Stop:
        """One request and its answer. After any end but DONE the attendant is hung up on."""
        with self.attended(deadline) as channel:
            stop = pump(
                channel,
                given,
                take=heard.take,
                done=lambda: heard.whole,
                answers=lambda: self.answers(deadline.sooner(self._silence, "answer")),
                deadline=deadline,
            )
        if stop is not Stop.DONE:
            hang_up(channel)
        return stop

    def _attended(self, deadline: Deadline) -> paramiko.Channel:
        if self._attendant is not None and not self._attendant.closed:
            return self._attendant
        with self._gone_is_told(deadline):
            channel = self._start_attendant(deadline)
        self._attendant = channel
        return channel

    def _start_attendant(self, deadline: Deadline) -> paramiko.Channel:
        """A channel with an attendant. dropbear may hang up on one while it reaps the last: then another."""
        while True:
            try:
                channel = self._transport.open_session(timeout=deadline.remaining)
                channel.settimeout(deadline.remaining)
                channel.exec_command(f"exec {PROGRAM}")
            except paramiko.SSHException:
                if deadline.expired or not self._transport.is_active():
                    raise
                time.sleep(min(RETRY, deadline.remaining))
            else:
                return channel

    @contextmanager
    def _gone_is_told(self, deadline: Deadline) -> Iterator[None]:
        """Turn what paramiko says of a connection that failed into GuestLost."""
        try:
            yield
        except (paramiko.SSHException, EOFError, TimeoutError) as error:
            where = f"guest, {deadline.phase}"
            raise GuestLost(ending=self._why_no_status(deadline), where=where, detail=str(error)) from error

    def _why_no_status(self, deadline: Deadline) -> Ending:
        if self.answers(deadline):
            return Ending.KILLED
        return Ending.HUNG if self._transport.is_active() else Ending.LOST

    def _ending(self, stop: Stop, heard: Answers, patience: Deadline) -> Ending:
        match stop:
            case Stop.DONE:
                return Ending.TIMED_OUT if _numbers(heard)[0] else Ending.EXITED
            case Stop.MUTE:
                return Ending.HUNG
            case Stop.EXPIRED:  # the guest answered to the last, only the attendant did not
                return Ending.TIMED_OUT
            case Stop.CLOSED:
                return self._why_no_status(patience)
            case _:
                assert_never(stop)


def _numbers(heard: Answers) -> tuple[int, int, int, int, int]:
    """A RUN's end: 0 for an exit and 1 for the timer, status, a flag a cut stream, processes killed.

    Raises Broken when the command could not be started.
    """
    last = heard.frames[-1]
    if last.kind == Say.ERROR:
        raise Broken(where="guest, step", found=heard.error, fix="see console.log")
    try:
        how, status, out, err, killed = struct.unpack(">5I", last.payload)
    except struct.error as error:
        raise Broken(where="guest, step", found=f"an end that is none: {error}", fix=TAMPERED) from error
    return how, status, out, err, killed


def _completed(ending: Ending, heard: Answers, started: float) -> Completed:
    status, cut = None, False
    if heard.whole:
        _, left, out, err, _ = _numbers(heard)
        status, cut = left, bool(out or err)
    return Completed(
        ending=ending,
        status=status if ending is Ending.EXITED else None,
        stdout=heard.joined(Say.OUT),
        stderr=heard.joined(Say.ERR),
        cut=cut,
        seconds=time.monotonic() - started,
    )
