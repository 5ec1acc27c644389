# The cloud guest: a Debian as clouds offer it (systemd, cloud-init, the guest agent, sshd), for tests and to play with.
# Its kernel is booted directly and its disk is one ext4. Takes root and mmdebstrap. Sourced by images/build.

debian_files() {
  echo latest/vmlinuz latest/initrd.img latest.qcow2
}

# ifupdown is not there, so that cloud-init hands the network to systemd-networkd.
debian_packages=systemd-sysv,systemd-resolved,dbus,udev,kmod,cloud-init,openssh-server,qemu-guest-agent,sudo,iproute2

make_debian_tree() {
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
  mmdebstrap --quiet --variant=minbase --include="$debian_packages,busybox-static,linux-image-cloud-amd64" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$root" ${mirror:+"$mirror"} || fail 'mmdebstrap failed'
  echo 'LABEL=solovirt-root / ext4 errors=remount-ro 0 1' >"$root/etc/fstab"
  # Not on the machine's first boot either: they fetch things, or wait for what is not there.
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-networkd-wait-online.service getty@.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  ln -s /lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/"
  # Each guest makes its own, as cloud-init is told to.
  rm -f "$root"/etc/ssh/ssh_host_*
  : >"$root/etc/machine-id"
  # The ways that a host of ours offers; looking for all others takes a minute.
  printf '%s\n' 'datasource_list: [NoCloud, ConfigDrive, None]' 'locale: C.UTF-8' \
    >"$root/etc/cloud/cloud.cfg.d/90_solovirt.cfg"
}

# The modules that it takes to reach the disk, each behind those it depends on.
make_debian_initrd() {
  mkdir -p "$tree/bin" "$tree/dev" "$tree/mnt" "$tree/modules"
  cp "$root/bin/busybox" "$tree/bin/"
  install -m 755 "$src/debian/init" "$tree/init"
  for module in virtio_pci virtio_blk ext4; do
    chroot "$root" modprobe --set-version "$kernel" --show-depends "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
    cp "$root$path" "$tree/modules/"
    echo "${path##*/}" >>"$tree/modules/list"
  done
  (cd "$tree" && find . | "$root/bin/busybox" cpio -o -H newc 2>/dev/null) | gzip -1 >"$work/out/latest/initrd.img"
}

make_debian() {
  [ "$(id -u)" = 0 ] || fail 'only root can make the image debian'
  need mmdebstrap mmdebstrap
  need e2fsprogs mke2fs
  need qemu-utils qemu-img
  root=$work/root
  tree=$work/tree
  mkdir -p "$work/out/latest"
  echo "making a Debian 12"
  make_debian_tree
  kernel=$(ls "$root/lib/modules")
  make_debian_initrd
  mv "$root/boot/vmlinuz-$kernel" "$work/out/latest/vmlinuz"
  rm -rf "$root"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
  echo "making the disk"
  truncate -s 2G "$work/disk.raw"
  mke2fs -q -t ext4 -L solovirt-root -E lazy_itable_init=1 -d "$root" "$work/disk.raw"
  qemu-img convert -f raw -O qcow2 "$work/disk.raw" "$work/out/latest.qcow2"
}
