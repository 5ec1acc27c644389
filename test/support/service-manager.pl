# Plays the service manager for tests.
#
#   service-manager.pl receive PATH             prints each datagram as a line of hex; "ready" first
#   service-manager.pl run OPTION... -- COMMAND...
#     notify=PATH journal=PATH   connected datagram sockets, numbers in SOLOVIRT_NOTIFY_FD and SOLOVIRT_JOURNAL_FD
#     nonblock=1                 makes them non-blocking
#     listen=KIND:PATH           a socket for descriptor 3 and on: stream, dgram, seqpacket, tcp, file
#     serve=1                    keeps the sockets and runs COMMAND once for each line on standard input
use strict;
use warnings;
use Socket;
use Fcntl;
use POSIX ();

my @kept;
my ($mode, @rest) = @ARGV;
$| = 1;
$mode eq 'receive' ? receive(@rest) : run(@rest);

sub receive {
  my ($path) = @_;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
  bind($socket, pack_sockaddr_un($path)) or die "$path: $!";
  print "ready\n";
  while (defined recv($socket, my $bytes, 1 << 20, 0)) { print unpack('H*', $bytes), "\n" }
}

sub run {
  my (%option, @listen);
  while (defined(my $word = shift @_)) {
    last if $word eq '--';
    my ($name, $value) = split /=/, $word, 2;
    $name eq 'listen' ? push @listen, $value : ($option{$name} = $value);
  }
  my @command = @_;
  my @sockets = map { listening(split /:/, $_, 2) } @listen;
  # First out of the way: the numbers from 3 on may be in use.
  my @high = map { POSIX::fcntl_dup($_) } @sockets;
  if (!$option{serve}) { become(\%option, \@high, @command) }
  while (<STDIN>) {
    my $child = fork // die $!;
    if ($child == 0) { become(\%option, \@high, @command) }
    print "started $child\n";
  }
}

sub POSIX::fcntl_dup { return fcntl($_[0], F_DUPFD, 100) // die $! }

sub become {
  my ($option, $high, @command) = @_;
  my $number = 3;
  POSIX::dup2($_, $number++) // die $! for @$high;
  POSIX::close($_) for @$high;
  if (@$high) { @ENV{'LISTEN_FDS', 'LISTEN_PID'} = (scalar @$high, $$) }
  for (['notify', 'SOLOVIRT_NOTIFY_FD'], ['journal', 'SOLOVIRT_JOURNAL_FD']) {
    my ($name, $variable) = @$_;
    next unless defined $option->{$name};
    socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
    connect($socket, pack_sockaddr_un($option->{$name})) or die $!;
    fcntl($socket, F_SETFL, O_NONBLOCK) if $option->{nonblock};
    # No second number for it, and none that the execution closes.
    if (fileno $socket == $number) { fcntl($socket, F_SETFD, 0) }
    else { POSIX::dup2(fileno $socket, $number) // die $! }
    $ENV{$variable} = $number++;
    push @kept, $socket;
  }
  exec { $command[0] } @command or die "$command[0]: $!";
}

sub listening {
  my ($kind, $path) = @_;
  my $socket;
  if ($kind eq 'file') { open $socket, '<', $path or die $! }
  elsif ($kind eq 'tcp') {
    socket($socket, AF_INET, SOCK_STREAM, 0) && bind($socket, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die $!;
    listen $socket, 5;
  }
  else {
    my $type = $kind eq 'dgram' ? SOCK_DGRAM : $kind eq 'seqpacket' ? SOCK_SEQPACKET : SOCK_STREAM;
    socket($socket, AF_UNIX, $type, 0) && bind($socket, pack_sockaddr_un($path)) or die "$path: $!";
    listen $socket, 64;
  }
  return $socket;
}
