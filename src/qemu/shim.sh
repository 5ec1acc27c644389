#!/bin/sh
# QEMU's parent: runs it and keeps its wait status, so that an end is known although no daemon is alive.
#
#   /bin/sh shim.sh INSTANCE_DIR QEMU [ARG]...
#
# INSTANCE_DIR/process     PID STARTTIME BOOTID SHIMPID, before QEMU is executed
# INSTANCE_DIR/stderr.log  QEMU's stdout and stderr, appended
# INSTANCE_DIR/exit        `exited CODE` or `signaled NUMBER`, once QEMU is gone
#
# - Must be started in a session of its own, with default signal dispositions. It ignores TERM, HUP and INT
#   itself; QEMU does not.
# - QEMU runs in the foreground: a shell makes background jobs ignore INT and QUIT.
# - sh reports a signal as 128 + its number, so an exit code of 129 to 192 counts as a signal. QEMU itself
#   exits with 0 or 1; 126 and 127 mean that it could not be executed, and stderr.log says why.
# - `process` is one write of one line and `exit` is renamed into place: readers see all or nothing.
#   (A rename before QEMU would cost a fork and an exec in every launch.)
umask 077
dir=$1
shift
# The room that the last line needs, taken while there is some: a full disk must not cost the exit status.
echo 'exited 0' >"$dir/exit.tmp"
trap '' TERM HUP INT
(
  trap - TERM HUP INT
  # Field 22 of /proc/self/stat is the start time; exec does not change it. No blanks in sh's own name.
  read -r pid x x x x x x x x x x x x x x x x x x x x start x </proc/self/stat &&
    read -r boot </proc/sys/kernel/random/boot_id &&
    echo "$pid $start $boot $$" >"$dir/process" || exit 125
  exec "$@"
) </dev/null >>"$dir/stderr.log" 2>&1
status=$?
if [ "$status" -gt 128 ] && [ "$status" -le 192 ]; then
  end="signaled $((status - 128))"
else
  end="exited $status"
fi
# Written over, not anew; nothing it says is shorter than what stands there.
echo "$end" 1<>"$dir/exit.tmp" && mv -f "$dir/exit.tmp" "$dir/exit"
