# What a managed network is made of, as text: reads a description strictly, for it may be written by somebody with fewer
# rights than its reader, and renders what nft(8) and dnsmasq(8) are told. Has no effects. Needs perl-base and nothing else.
use strict;
use warnings;

# Where a managed network may lie: it must not draw away traffic for hosts of the internet (RFC 1918, RFC 6598).
my @PRIVATE = map { [split m{/}] } qw(10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10);
use constant {MIN_PREFIX => 8, MAX_PREFIX => 30, MAX_HOSTS => 4096, MAX_FORWARDS => 4096, LEASE => '1h'};

my $LABEL = qr/[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?/;
my $DOMAIN = qr/(?=.{1,253}\z)$LABEL(?:\.$LABEL)*/;
my $IPV4 = qr/\d{1,3}(?:\.\d{1,3}){3}/;
my $MAC = qr/[0-9a-f]{2}(?::[0-9a-f]{2}){5}/;
my $PORT = qr/[1-9]\d{0,4}/;

# One reader for each kind of line; `+` may come again, `?` may be missing.
my @LINES = (
  ['token', qr/([-0-9a-f]{1,64})/],
  ['network', qr{($LABEL/$DOMAIN)}],
  ['bridge', qr/([_A-Za-z0-9][-_.A-Za-z0-9]{0,14})/],
  ['mtu?', qr/([1-9]\d{1,4})/],
  ['subnet', qr{($IPV4)/(\d{1,2})}],
  ['gateway', qr/($IPV4)/],
  ['nat', qr/(yes|no)/],
  ['domain', qr/($DOMAIN)/],
  ['host+', qr/($MAC) ($IPV4) ($DOMAIN)/],
  ['forward+', qr/(tcp|udp) ($IPV4) ($PORT) ($IPV4) ($PORT)/],
);

# The description as a hash; dies with words about what is wrong with it.
sub parse_description {
  my ($text) = @_;
  my %found = (host => [], forward => []);
  my @lines = split /\n/, $text, -1;
  @lines && pop(@lines) eq '' && @lines && pop(@lines) eq 'end' or die "the description is cut off\n";
  my %reader = map { my ($name, $mark) = $_->[0] =~ /^(\w+)(\W?)$/; ($name => [$mark, $_->[1]]) } @LINES;
  for my $line (@lines) {
    my ($key, $rest) = $line =~ /\A([a-z]+) ([\x20-\x7e]*)\z/ or die "no line of a description: " . shown($line) . "\n";
    my ($mark, $form) = @{ $reader{$key} // die "unknown in a description: $key\n" };
    my @words = $rest =~ /\A$form\z/ or die "malformed $key: " . shown($rest) . "\n";
    if ($mark eq '+') { push @{ $found{$key} }, \@words }
    elsif (exists $found{$key}) { die "$key stands twice\n" }
    else { $found{$key} = @words == 1 ? $words[0] : \@words }
  }
  for my $name (sort keys %reader) { exists $found{$name} || $reader{$name}[0] eq '?' or die "$name is missing\n" }
  check_addresses(\%found);
  return \%found;
}

sub shown { return substr($_[0] =~ s/[^\x20-\x7e]/?/gr, 0, 80) }

sub check_addresses {
  my ($n) = @_;
  # Names of /proc/sys/net/ipv4/conf that are no interface's alone.
  $n->{bridge} =~ /\A(?:all|default|lo)\z/ and die "$n->{bridge} is no name for a bridge\n";
  my ($base, $prefix) = (number($n->{subnet}[0]), $n->{subnet}[1]);
  $prefix >= MIN_PREFIX && $prefix <= MAX_PREFIX or die sprintf "/%s: a prefix of %d to %d is wanted\n", $prefix, MIN_PREFIX, MAX_PREFIX;
  $base == masked($base, $prefix) or die "$n->{subnet}[0]/$prefix is not the first address of a subnet\n";
  grep { $prefix >= $_->[1] && masked($base, $_->[1]) == number($_->[0]) } @PRIVATE
    or die "$n->{subnet}[0]/$prefix is no private subnet\n";
  if (defined $n->{mtu}) { $n->{mtu} >= 68 && $n->{mtu} <= 65535 or die "mtu $n->{mtu}: 68 to 65535 is wanted\n" }
  my %taken = (is_host($n, $n->{gateway}) => 'the gateway');
  my %macs;
  @{ $n->{host} } <= MAX_HOSTS or die "too many hosts\n";
  for my $host (@{ $n->{host} }) {
    my ($mac, $address) = @$host;
    my $number = is_host($n, $address);
    die "$address is given twice\n" if exists $taken{$number};
    die "$mac is given twice\n" if $macs{$mac}++;
    $taken{$number} = $mac;
  }
  @{ $n->{forward} } <= MAX_FORWARDS or die "too many forwards\n";
  my %ports;
  for my $forward (@{ $n->{forward} }) {
    my ($protocol, $on, $port, $to, $inner) = @$forward;
    number($on);
    $port <= 65535 && $inner <= 65535 or die "port $port or $inner is none\n";
    ($taken{ number($to) } // '') =~ /:/ or die "$to is no host of the network\n";
    $ports{"$protocol $on $port"}++ and die "port $port/$protocol of $on is forwarded twice\n";
  }
}

sub number {
  my ($text) = @_;
  my @octets = split /\./, $text;
  (grep { $_ > 255 || /^0./ } @octets) and die "$text is no IPv4 address\n";
  return $octets[0] << 24 | $octets[1] << 16 | $octets[2] << 8 | $octets[3];
}

sub masked { return $_[0] & (0xffffffff << 32 - $_[1] & 0xffffffff) }

# The number of an address that a host of the network can have.
sub is_host {
  my ($n, $address) = @_;
  my ($base, $prefix) = (number($n->{subnet}[0]), $n->{subnet}[1]);
  my $number = number($address);
  my $inside = masked($number, $prefix) == $base && $number != $base && $number != $base + (1 << 32 - $prefix) - 1;
  return $inside ? $number : die "$address is no address of a host in $n->{subnet}[0]/$prefix\n";
}

sub table_name { return "solovirt-$_[0]{bridge}" }

sub comment_of { return "solovirt network $_[0]{network}" }

# One transaction: the table as it was goes and the new one comes, with nothing in between.
sub ruleset {
  my ($n) = @_;
  my ($table, $comment) = (table_name($n), comment_of($n));
  my ($bridge, $subnet) = (qq("$n->{bridge}"), join '/', @{ $n->{subnet} });
  my $nat = $n->{nat} eq 'yes';
  my $lead_out = $nat ? '' : "\n    iifname $bridge drop";
  # Without a default route guests answer only who seems to be their gateway.
  my $near = $nat ? "ip saddr { 127.0.0.0/8, $subnet } " : '';
  my $masquerade = $nat ? "\n    ip saddr $subnet oifname != $bridge masquerade" : '';
  my ($outside, $own) = map { join '', map { "\n    $_" } @$_ } forward_rules($n);
  return <<"RULES";
table inet $table
delete table inet $table
table inet $table {
  comment "$comment"
  # What is forwarded from 127.0.0.0/8 (route_localnet) leads into the network, never out of it.
  chain raw {
    type filter hook prerouting priority raw; policy accept;
    iifname $bridge ip daddr 127.0.0.0/8 drop
  }
  # The gateway is this network's alone.
  chain input {
    type filter hook input priority filter; policy accept;
    iifname != { $bridge, "lo" } ip daddr $n->{gateway} ct state new drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname $bridge oifname $bridge accept
    iifname $bridge ip saddr != $subnet drop
    iifname $bridge meta nfproto ipv6 drop
    oifname $bridge meta nfproto ipv6 drop
    oifname $bridge ct state established,related accept
    oifname $bridge ct status dnat accept
    oifname $bridge drop
    iifname $bridge ct state established,related accept$lead_out
  }
  chain dstnat {
    type nat hook prerouting priority dstnat; policy accept;$outside
  }
  chain output {
    type nat hook output priority -100; policy accept;$own
  }
  chain srcnat {
    type nat hook postrouting priority srcnat; policy accept;
    oifname $bridge ct status dnat ${near}masquerade$masquerade
  }
}
RULES
}

# For what comes from elsewhere, and for what this host sends itself.
sub forward_rules {
  my ($n) = @_;
  my (@outside, @own);
  for my $forward (@{ $n->{forward} }) {
    my ($protocol, $on, $port, $to, $inner) = @$forward;
    my $at = $on eq '0.0.0.0' ? 'meta nfproto ipv4 fib daddr type local' : "ip daddr $on";
    my $rule = "$at $protocol dport $port dnat ip to $to:$inner";
    push @outside, $rule unless $on =~ /^127\./;
    push @own, $rule;
  }
  return (\@outside, \@own);
}

sub needs_localnet { return scalar grep { $_->[1] =~ /^(?:127\.|0\.0\.0\.0\z)/ } @{ $_[0]{forward} } }

# The files that dnsmasq reads, by name; `$dir` is where they lie.
sub dnsmasq_files {
  my ($n, $dir, $user) = @_;
  my $router = $n->{nat} eq 'yes' ? "option:router,$n->{gateway}" : 'option:router';
  my $mtu = defined $n->{mtu} ? "\ndhcp-option=option:mtu,$n->{mtu}" : '';
  my $netmask = join '.', unpack 'C4', pack 'N', masked(0xffffffff, $n->{subnet}[1]);
  my $conf = <<"CONF";
# solovirt network $n->{network}
interface=$n->{bridge}
except-interface=lo
bind-interfaces
user=$user
pid-file=
log-facility=-
quiet-dhcp
no-hosts
addn-hosts=$dir/hosts
domain=$n->{domain}
local=/$n->{domain}/
domain-needed
bogus-priv
no-ping
dhcp-authoritative
dhcp-range=$n->{subnet}[0],static,$netmask,@{[LEASE]}
dhcp-hostsfile=$dir/dhcp-hosts
dhcp-ignore-names
dhcp-leasefile=$dir/leases
dhcp-option=$router$mtu
CONF
  my @hosts = @{ $n->{host} };
  return (
    'dnsmasq.conf' => $conf,
    'hosts' => join('', map { "$_->[1] $_->[2].$n->{domain} $_->[2]\n" } @hosts),
    # A guest is told its own name where that is one word.
    'dhcp-hosts' => join('', map { "$_->[0],$_->[1]" . ($_->[2] =~ /\./ ? '' : ",$_->[2]") . "\n" } @hosts),
  );
}

1;
