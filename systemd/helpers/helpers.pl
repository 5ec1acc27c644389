# What the helpers of the units share; vm-run does without. They need perl-base and nothing else. Some run at each end of a VM,
# so only small modules are loaded here: Socket and POSIX cost four times as much as perl itself.
use strict;
use warnings;
use Fcntl;

# Of pidfd_open(2); the same on all architectures, as are the numbers below (socket(2)).
use constant PIDFD_OPEN => 434;
use constant {AF_UNIX => 1, SOCK_STREAM => 1, SOCK_DGRAM => 2};
# USER_HZ, in which times(2) counts (time(7)).
use constant TICKS_PER_SECOND => 100;
# How much longer a helper may take than it told last time, and how often it tells.
use constant MORE_SECONDS => 15;
use constant TELL_SECONDS => 2;

# Seconds on a clock that only goes forward.
sub now { require POSIX; return (POSIX::times())[0] / TICKS_PER_SECOND }

# Address of a Unix socket (unix(7)); `@` stands for the NUL of an abstract one.
sub unix_address { return pack('S a*', AF_UNIX, $_[0] =~ s/^@/\0/r) }

# sd_notify(3). Without a manager that listens it does nothing.
sub notify {
  my @lines = @_;
  my $path = $ENV{NOTIFY_SOCKET} or return;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or return;
  send($socket, join("\n", @lines), 0, unix_address($path));
}

# Shows what is going on in `systemctl status`, and asks for time beyond TimeoutStopSec=.
sub still_busy { notify("STATUS=$_[0]", 'EXTEND_TIMEOUT_USEC=' . MORE_SECONDS * 1_000_000) }

# A handle that becomes readable when the process has ended; undef when it has.
sub process_handle {
  my ($pid) = @_;
  my $fd = syscall(PIDFD_OPEN, $pid + 0, 0);
  return $fd < 0 ? undef : $fd;
}

# Waits until all processes (numbers of handles) have ended, or the deadline has passed; in steps, each of which
# calls `$tell` first. Returns those that go on.
sub wait_for_end {
  my ($deadline, $tell, @running) = @_;
  while (@running) {
    my $left = $deadline - now();
    last if $left <= 0;
    $tell->(@running);
    my $ready = '';
    vec($ready, $_, 1) = 1 for @running;
    select($ready, undef, undef, $left < TELL_SECONDS ? $left : TELL_SECONDS) > 0 or next;
    @running = grep { !vec($ready, $_, 1) } @running;
  }
  return @running;
}

# First line of a small regular file, without its end; undef when there is none. No link is followed and no pipe
# waited for.
sub first_line {
  my ($path) = @_;
  sysopen(my $file, $path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) or return undef;
  sysread($file, my $text, 4096) or return undef;
  return $text =~ /\A(.*)$/m ? $1 : undef;
}

# The grace period of a VM, in seconds.
sub grace_seconds {
  my ($directory) = @_;
  my $text = first_line("$directory/grace") // '';
  # KubeVirt's default, when nothing readable was handed over.
  return $text =~ /^(\d{1,9})$/ ? $1 : 30;
}

1;
