# Part of confine: a user namespace in which a process is root and nobody else exists. `fail` and `prctl` are confine's.

my $CLONE_NEWUSER = 0x10000000;
my ($PR_SET_DUMPABLE, $PR_SET_SECCOMP) = (4, 22);

# user_namespaces(7): who may not become others maps himself alone, and gives up changing his groups.
sub become_root_to_itself {
    my ($call, $machine) = @_;
    my ($user, $group) = ($> + 0, $) + 0);
    # Having been root, it could not write its own maps.
    prctl($PR_SET_DUMPABLE, 1);
    syscall($call->{unshare}, $CLONE_NEWUSER) == 0
        or fail("cannot make a user namespace: $! (see the settings kernel.unprivileged_userns_clone and user.max_user_namespaces)");
    write_line('/proc/self/setgroups', 'deny');
    write_line('/proc/self/uid_map', "0 $user 1");
    write_line('/proc/self/gid_map', "0 $group 1");
    pretend_setgroups($call, $machine);
}

# A filter by which setgroups(2) does nothing and succeeds (seccomp(2), linux/filter.h).
sub pretend_setgroups {
    my ($call, $machine) = @_;
    my ($load, $equal, $return) = (0x20, 0x15, 0x06);
    my ($nr, $arch) = (0, 4);
    my ($nothing_done, $allow) = (0x00050000, 0x7fff0000);
    my @steps = (
        [$load, 0, 0, $arch],  [$equal, 0, 3, 0xc0000000 | $machine],
        [$load, 0, 0, $nr],    [$equal, 0, 1, $call->{setgroups}],
        [$return, 0, 0, $nothing_done], [$return, 0, 0, $allow],
    );
    my $filter = join '', map { pack('S C C L', @$_) } @steps;
    my $program = pack('S x6 P', scalar @steps, $filter);
    syscall($call->{prctl}, $PR_SET_SECCOMP, 2, $program) == 0 or fail("cannot set a filter: $!");
}

sub write_line {
    my ($path, $line) = @_;
    open(my $file, '>', $path) or fail("cannot open $path: $!");
    syswrite($file, $line) or fail("cannot write $path: $!");
}

1;
