# The cloud guest: a Debian as clouds offer it (systemd, cloud-init, the guest agent, sshd), for tests and to play with.
# Its disk boots by itself under a BIOS, as theirs do, and its kernel can be booted directly, which is quicker. Takes root and
# mmdebstrap. Sourced by images/build.

debian_files() {
  echo latest/vmlinuz latest/initrd.img latest.qcow2
}

# ifupdown is not there, so that cloud-init hands the network to systemd-networkd.
debian_packages=systemd-sysv,systemd-resolved,dbus,udev,kmod,cloud-init,openssh-server,qemu-guest-agent,sudo,iproute2,cloud-guest-utils,fdisk

make_debian_tree() {
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
  mmdebstrap --quiet --variant=minbase --include="$debian_packages,busybox-static,linux-image-cloud-amd64,grub-pc-bin" \
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

# Makes GRUB's image, which lies between the partition table and the first partition and boots its kernel at once.
make_debian_grub() {
  cat >"$root/grub.cfg" <<'end'
set root=(hd0,msdos1)
linux /boot/vmlinuz root=LABEL=solovirt-root console=ttyS0 quiet
initrd /boot/initrd.img
boot
end
  chroot "$root" grub-mkimage -O i386-pc -p /boot -c /grub.cfg -o /core.img biosdisk part_msdos ext2 linux
  mv "$root/core.img" "$root/usr/lib/grub/i386-pc/boot.img" "$work/"
  rm "$root/grub.cfg"
}

# The image of a disk with one partition at 1 MiB, in sectors of 512 bytes. GRUB's boot.img looks for the rest of it in
# sector 1, where it is here.
make_debian_disk() {
  truncate -s 2G "$root/disk.raw"
  echo '2048,,L,*' | chroot "$root" sfdisk -q /disk.raw
  mv "$root/disk.raw" "$work/"
  dd if="$work/boot.img" of="$work/disk.raw" bs=440 count=1 conv=notrunc status=none
  dd if="$work/core.img" of="$work/disk.raw" bs=512 seek=1 conv=notrunc status=none
  # What GRUB of this release cannot read is left out.
  mke2fs -q -t ext4 -L solovirt-root -O ^metadata_csum_seed,^orphan_file \
    -E lazy_itable_init=1,offset=$((2048 * 512)) -d "$root" "$work/disk.raw" $((2 * 1024 * 1024 - 1024))k
  qemu-img convert -f raw -O qcow2 "$work/disk.raw" "$work/out/latest.qcow2"
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
  make_debian_grub
  mv "$root/boot/vmlinuz-$kernel" "$work/out/latest/vmlinuz"
  rm -rf "$root"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
  cp "$work/out/latest/vmlinuz" "$work/out/latest/initrd.img" "$root/boot/"
  echo "making the disk"
  make_debian_disk
}
