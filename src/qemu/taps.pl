# Taps, for programs that have the right to make them (`attach`, `vm-tap`), and the passing of their descriptors. No module
# is loaded: perl is up in 2 ms without. Nothing of sysfs is needed but for VLANs, so that it works in any network namespace.
use strict;
use warnings;

use constant {AF_UNIX => 1, AF_BRIDGE => 7, AF_NETLINK => 16, SOCK_STREAM => 1, SOCK_DGRAM => 2, SOCK_RAW => 3};
use constant {O_RDWR => 2, EOPNOTSUPP => 95};
# include/uapi/linux/if_tun.h; the taps are not persistent: each is gone when its last descriptor is closed.
use constant {TUNSETIFF => 0x400454ca, IFF_TAP => 0x2, IFF_NO_PI => 0x1000, IFF_VNET_HDR => 0x4000, IFF_UP => 1};
# include/uapi/linux/sockios.h
use constant {SIOCGIFFLAGS => 0x8913, SIOCSIFFLAGS => 0x8914, SIOCGIFMTU => 0x8921, SIOCSIFMTU => 0x8922,
  SIOCSIFHWADDR => 0x8924, SIOCGIFHWADDR => 0x8927, SIOCGIFINDEX => 0x8933, SIOCBRADDIF => 0x89a2};
# include/uapi/linux/rtnetlink.h, if_link.h, if_bridge.h
use constant {RTM_DELLINK => 17, RTM_SETLINK => 19, NLM_F_REQUEST => 1, NLM_F_ACK => 4, IFLA_AF_SPEC => 26,
  IFLA_BRIDGE_VLAN_INFO => 2, BRIDGE_VLAN_INFO_PVID => 2, BRIDGE_VLAN_INFO_UNTAGGED => 4};
use constant {SOL_SOCKET => 1, SCM_RIGHTS => 1, MSG_CMSG_CLOEXEC => 0x40000000};
use constant MOST_TAPS => 32;

# An order, in words: NAME FD BRIDGE MTU VLAN KEEP. MTU 0 is the bridge's, VLAN 0 none; KEEP: 1 leaves the bridge's default
# VLAN beside VLAN. Whoever wrote it may have fewer rights. Dies of anything else.
sub parse_tap {
  my ($line) = @_;
  my %tap;
  @tap{qw(name fd bridge mtu vlan keep)} =
    $line =~ /\A(sv[0-9a-f]{8}n[0-9]{1,2}) ([0-9]{2,3}) ([A-Za-z0-9_][A-Za-z0-9_.-]{0,14}) ([0-9]{1,5}) ([0-9]{1,4}) ([01])\z/
    or die "this is no order for a tap\n";
  die "no MTU: $tap{mtu}\n" if $tap{mtu} && ($tap{mtu} < 68 || $tap{mtu} > 65535);
  die "no VLAN: $tap{vlan}\n" if $tap{vlan} > 4094;
  return \%tap;
}

# A tap on its bridge, switched on: a handle that owns it. Dies with words for the user; then nothing is left.
sub make_tap {
  my ($tap) = @_;
  my ($name, $bridge) = @$tap{qw(name bridge)};
  socket(my $asked, AF_UNIX, SOCK_DGRAM, 0) or die "no socket: $!\n";
  # First, for it is what is most often wrong.
  index_of($asked, $bridge) // die "there is no network interface $bridge on this host\n";
  # Nothing can be put onto it, and the answer tells what it is.
  ioctl($asked, SIOCBRADDIF, request($bridge, 'l', 0));
  die "$bridge is no bridge\n" if $! == EOPNOTSUPP;
  sysopen(my $handle, '/dev/net/tun', O_RDWR) or die "/dev/net/tun cannot be opened: $!\n";
  ioctl($handle, TUNSETIFF, request($name, 'S', IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    or die "a network interface cannot be made: $!\n";
  my $index = index_of($asked, $name) // die "$name: $!\n";
  # A bridge takes on the lowest address of its ports, which is not to change with the guests.
  my $address = ask($asked, SIOCGIFHWADDR, $name, '');
  substr($address, 18, 1) = "\xfe";
  ioctl($asked, SIOCSIFHWADDR, $address) or die "the address of $name cannot be set: $!\n";
  # A port with a smaller one would make the bridge's smaller.
  my $mtu = $tap->{mtu} || unpack('x16 l', ask($asked, SIOCGIFMTU, $bridge, ''));
  ask($asked, SIOCSIFMTU, $name, 'l', $mtu);
  ioctl($asked, SIOCBRADDIF, request($bridge, 'l', $index)) or die "$name cannot be put onto the bridge $bridge: $!\n";
  set_vlan($tap, $index) if $tap->{vlan};
  my $flags = unpack('x16 S', ask($asked, SIOCGIFFLAGS, $name, ''));
  ask($asked, SIOCSIFFLAGS, $name, 'S', $flags | IFF_UP);
  return $handle;
}

# struct ifreq: a name and a union, 40 bytes
sub request {
  my ($name, $form, @value) = @_;
  return pack('a16 a24', $name, pack($form, @value));
}

sub ask {
  my ($socket, $what, $name, $form, @value) = @_;
  my $request = request($name, $form, @value);
  ioctl($socket, $what, $request) or die "$name: $!\n";
  return $request;
}

sub index_of {
  my ($socket, $name) = @_;
  my $request = request($name, '');
  return ioctl($socket, SIOCGIFINDEX, $request) ? unpack('x16 l', $request) : undef;
}

# Frames from the guest get the tag, and those to it lose it. Before the tap is switched on: not one frame goes astray.
sub set_vlan {
  my ($tap, $index) = @_;
  my $switch = "/sys/class/net/$tap->{bridge}/bridge/vlan_filtering";
  # A kernel without VLANs on bridges has no such file.
  my $on = number_in($switch) // 0;
  die "the bridge $tap->{bridge} knows no VLANs: ip link set $tap->{bridge} type bridge vlan_filtering 1\n" unless $on == 1;
  vlan_message(RTM_SETLINK, $index, $tap->{vlan}, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
  return if $tap->{keep};
  my $vid = number_in($switch =~ s/vlan_filtering/default_pvid/r);
  vlan_message(RTM_DELLINK, $index, $vid, 0) if $vid && $vid != $tap->{vlan};
}

sub number_in {
  my ($path) = @_;
  open(my $file, '<', $path) or return undef;
  return (<$file> // 0) + 0;
}

sub vlan_message {
  my ($type, $index, $vid, $flags) = @_;
  # struct bridge_vlan_info in two nested attributes, behind struct ifinfomsg
  my $info = pack('S S S S', 8, IFLA_BRIDGE_VLAN_INFO, $flags, $vid);
  my $body = pack('C x S l L L', AF_BRIDGE, 0, $index, 0, 0) . pack('S S', 4 + length $info, IFLA_AF_SPEC) . $info;
  socket(my $kernel, AF_NETLINK, SOCK_RAW, 0) or die "no netlink: $!\n";
  my $message = pack('L S S L L', 16 + length $body, $type, NLM_F_REQUEST | NLM_F_ACK, 1, 0) . $body;
  send($kernel, $message, 0, pack('S S L L', AF_NETLINK, 0, 0, 0)) or die "no netlink: $!\n";
  sysread($kernel, my $answer, 8192) or die "no answer of netlink: $!\n";
  # struct nlmsgerr
  my $error = -unpack('x16 l', $answer);
  die "VLAN $vid cannot be set: " . do { local $! = $error; "$!" } . "\n" if $error;
}

# sendmsg(2) and recvmsg(2), which perl has not: by ELF machine, x86_64 or the generic table.
sub message_calls {
  open(my $self, '<:raw', '/proc/self/exe') or die "/proc/self/exe: $!\n";
  read($self, my $head, 20) == 20 or die "/proc/self/exe: $!\n";
  return unpack('x18 S', $head) == 62 ? (46, 47) : (211, 212);
}

# struct msghdr of a 64-bit machine, over a buffer for data and one for control messages; both must outlive it.
sub message_head { return pack('Q L x4 P Q P Q l x4', 0, 0, $_[0], 1, $_[1], length $_[1], 0) }

# Sends a text, and the handles with it.
sub send_handles {
  my ($socket, $text, @handles) = @_;
  my $numbers = pack('l*', map { fileno $_ } @handles);
  # struct cmsghdr, padded to eight bytes
  my $control = pack('Q l l a*', 16 + length $numbers, SOL_SOCKET, SCM_RIGHTS, $numbers);
  $control .= "\0" x (-length($control) % 8);
  my $part = pack('P Q', $text, length $text);
  my ($sendmsg) = message_calls();
  my $head = @handles ? message_head($part, $control) : message_head($part, '');
  my $sent = syscall($sendmsg, fileno($socket), $head, 0);
  $sent == length $text or die "cannot answer: $!\n";
}

# A text and the numbers of the descriptors that came with it. Nothing comes from one that has gone.
sub receive_handles {
  my ($socket) = @_;
  my ($text, $control) = ("\0" x 4096, "\0" x (16 + 4 * MOST_TAPS));
  my $part = pack('P Q', $text, length $text);
  my $head = message_head($part, $control);
  my (undef, $recvmsg) = message_calls();
  my $got = syscall($recvmsg, fileno($socket), $head, MSG_CMSG_CLOEXEC);
  die "no answer: $!\n" if $got < 0;
  my ($length, $level, $type) = unpack('Q l l', $control);
  my $kept = unpack('x40 Q', $head);
  my @numbers = $kept >= 16 && $level == SOL_SOCKET && $type == SCM_RIGHTS
    ? unpack('x16 l' . ($length - 16) / 4, $control) : ();
  return (substr($text, 0, $got), @numbers);
}

1;
