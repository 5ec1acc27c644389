# What a managed network is on this host: interfaces, rules, ports and values of the kernel's. Needs ip(8) and nft(8), perl-base,
# and network-rules.pl. Whatever fails dies with words.
use strict;
use warnings;
use Fcntl;
use POSIX ();
use Socket;

# --- bridge

# 52:54:00 is QEMU's for guests; 02 is locally administered. The rest is FNV-1a of the network's name.
sub mark {
  my ($n) = @_;
  my $hash = 0x811c9dc5;
  $hash = ($hash ^ ord) * 0x01000193 & 0xffffffff for split //, $n->{network};
  return join ':', '02', '73', map { sprintf '%02x', $_ } unpack 'C4', pack 'N', $hash;
}

# True when the bridge is there and ours; dies when it is there and is not.
sub own_bridge {
  my ($n) = @_;
  my ($code, $out) = ask('ip', '-o', 'link', 'show', 'dev', $n->{bridge});
  return 0 if $code != 0;
  return 1 if $out =~ /link\/ether (\S+)/ && $1 eq mark($n);
  die "there is an interface $n->{bridge} already, which is not this network's; give the network another bridge\n";
}

sub make_bridge {
  my ($n, $is_new) = @_;
  my $bridge = $n->{bridge};
  do_it('ip', 'link', 'add', 'name', $bridge, 'address', mark($n), 'type', 'bridge', 'stp_state', 0, 'forward_delay', 0) if $is_new;
  do_it('ip', 'link', 'set', 'dev', $bridge, 'alias', comment_of($n));
  do_it('ip', 'link', 'set', 'dev', $bridge, 'mtu', $n->{mtu}) if defined $n->{mtu};
  # Guests reach this host over IPv4 or not at all.
  sysctl("ipv6/conf/$bridge/disable_ipv6", 1) if -e "/proc/sys/net/ipv6/conf/$bridge";
  sysctl("ipv4/conf/$bridge/route_localnet", needs_localnet($n) ? 1 : 0);
  my $address = "$n->{gateway}/$n->{subnet}[1]";
  for my $other ((ask('ip', '-4', '-o', 'address', 'show', 'dev', $bridge))[1] =~ m{\binet (\S+)}g) {
    do_it('ip', 'address', 'delete', $other, 'dev', $bridge) if $other ne $address;
  }
  do_it('ip', 'address', 'replace', $address, 'broadcast', '+', 'dev', $bridge);
  do_it('ip', 'link', 'set', 'dev', $bridge, 'up');
  sysctl('ipv4/ip_forward', 1) if $n->{nat} eq 'yes' || @{ $n->{forward} };
}

# Setting a value that is there already needs no right to set it.
sub sysctl {
  my ($name, $value) = @_;
  my $path = "/proc/sys/net/$name";
  my $now = first_line($path) // die "$path: $!\n";
  return if $now eq $value;
  open(my $file, '>', $path) or die "$path: $!\n";
  syswrite($file, $value) or die "$path: $!\n";
}

# No subnet of this host's may be drawn away.
sub check_free {
  my ($n) = @_;
  my ($base, $prefix) = (number($n->{subnet}[0]), $n->{subnet}[1]);
  for my $line (map { split /\n/, (ask('ip', '-4', @$_))[1] } [qw(-o address show)], [qw(route show table all)]) {
    my ($other, $length) = $line =~ m{(?:\binet |\A(?:[a-z]+ )?)(\d+(?:\.\d+){3})(?:/(\d+))?\b} or next;
    $length //= 32;
    # The halves into which tunnels divide the internet are a default route.
    next if $length < 8;
    my $shorter = $length < $prefix ? $length : $prefix;
    next if masked(number($other), $shorter) != masked($base, $shorter);
    die "the subnet $n->{subnet}[0]/$prefix is in use on this host: " . join(' ', split ' ', $line) . "\n";
  }
}

# --- nftables and ports

sub load_rules {
  my ($n, $file) = @_;
  save($file, ruleset($n));
  do_it('nft', '-f', $file);
}

# A port that leads into the network is taken for whoever else asks for it, and one that is taken leads nowhere.
my %ports;
sub hold_ports {
  my ($n) = @_;
  my %held;
  for my $forward (@{ $n->{forward} }) {
    my ($protocol, $on, $port) = @$forward;
    $held{"$protocol $on $port"} = $ports{"$protocol $on $port"} // hold_port($protocol, $on, $port);
  }
  %ports = %held;
}

sub hold_port {
  my ($protocol, $on, $port) = @_;
  my $words = "port $port/$protocol of $on cannot be forwarded";
  socket(my $socket, AF_INET, $protocol eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0) or die "$words: $!\n";
  # A listener lets nobody else in, be it with this option; without it, connections that have ended would stand in the way.
  if ($protocol eq 'tcp') { setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) }
  bind($socket, pack_sockaddr_in($port, inet_aton($on))) or die "$words: $!\n";
  if ($protocol eq 'tcp') { listen($socket, 1) or die "$words: $!\n" }
  return $socket;
}

# --- the end

# Takes down what is the network's own. False when something is plugged into its bridge, which stays then.
sub unmake {
  my ($n) = @_;
  my $table = table_name($n);
  my $is_ours = eval { own_bridge($n) };
  if ($is_ours && !is_free($n->{bridge})) {
    print STDERR "<4>$n->{bridge} stays, for something is plugged into it\n";
    return 0;
  }
  ask('ip', 'link', 'delete', 'dev', $n->{bridge}) if $is_ours;
  my ($code, $out) = ask('nft', 'list', 'table', 'inet', $table);
  do_it('nft', 'delete', 'table', 'inet', $table) if $code == 0 && index($out, 'comment "' . comment_of($n) . '"') >= 0;
  return 1;
}

# A guest that has just ended may be plugged in for a moment yet.
sub is_free {
  my ($bridge) = @_;
  for (1 .. 20) {
    return 1 if (ask('ip', '-o', 'link', 'show', 'master', $bridge))[1] eq '';
    select undef, undef, undef, 0.05;
  }
  return 0;
}

# --- files and processes

sub first_line {
  my ($path) = @_;
  sysopen(my $file, $path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) or return undef;
  sysread($file, my $text, 4096) or return undef;
  return $text =~ /\A(.*)$/m ? $1 : undef;
}

# Whole under its name, or not at all.
sub save {
  my ($path, $text) = @_;
  open(my $file, '>', "$path.part") or die "$path: $!\n";
  print {$file} $text;
  close($file) && rename("$path.part", $path) or die "$path: $!\n";
}

# Field 22 of proc_pid_stat(5); undef for a process that has ended, waited for or not.
sub start_time {
  my ($pid) = @_;
  my @fields = split ' ', (first_line("/proc/$pid/stat") // return undef) =~ s/.*\) //r;
  return $fields[0] eq 'Z' ? undef : $fields[19];
}

# Exit code, and all that was said.
sub ask {
  my @command = @_;
  my $pid = open(my $out, '-|') // die "fork: $!\n";
  if ($pid == 0) {
    open(STDERR, '>&', \*STDOUT);
    { no warnings 'exec'; exec @command }
    print "$command[0]: $!\n";
    POSIX::_exit(127);
  }
  my $said = do { local $/; <$out> } // '';
  close $out;
  return ($? == 0 ? 0 : ($? >> 8 || 1), $said);
}

sub do_it {
  my ($code, $said) = ask(@_);
  die "@_: " . (join(' ', split ' ', $said) || "exit code $code") . "\n" if $code != 0;
}

1;
