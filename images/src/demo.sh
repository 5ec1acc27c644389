# The demo guest: Debian's cloud kernel, a busybox and the modules for the devices that QEMU offers, as
# kernel + initramfs and as a bootable disk. Sourced by images/build.

# Modules of each list that guest/modules loads; a kernel that lacks one, or has it built in, is fine.
# File systems that the guest is to know.
file_systems=isofs
module_lists='base efi net blk balloon console scsi rng watchdog virtiofs ide sata fs'
modules_of() {
  case "$1" in
    base) echo virtio_pci button evdev pvpanic-pci pvpanic-mmio tpm_tis ;;
    efi) echo efivarfs ;;
    net) echo virtio_net ;;
    blk) echo virtio_blk ;;
    balloon) echo virtio_balloon ;;
    console) echo virtio_console ;;
    scsi) echo virtio_scsi sd_mod sr_mod ;;
    rng) echo virtio-rng ;;
    watchdog) echo i6300esb ;;
    virtiofs) echo virtiofs ;;
    ide) echo ata_piix sd_mod sr_mod ;;
    sata) echo ahci sd_mod sr_mod ;;
    fs) echo "$file_systems" ;;
  esac
}

demo_files() {
  echo latest/vmlinuz latest/initrd.img latest.qcow2
}

# Adds one module and, before it, those it depends on, to the list $2.
add_module() {
  path=$(find "$kernel_tree" -name "$1.ko" -o -name "$1.ko.xz" | head -n 1)
  [ -n "$path" ] || return 0
  grep -qx "$1.ko" "$2" && return
  target=$tree/lib/modules/$1.ko
  case "$path" in
    *.xz) "$busybox" xzcat "$path" >"$target" ;;
    *) cp "$path" "$target" ;;
  esac
  for dependency in $(tr '\0' '\n' <"$target" | sed -n 's/^depends=//p' | tr , ' '); do
    add_dependency "$dependency" "$2"
  done
  echo "$1.ko" >>"$2"
}

# A module's file may spell its name with "-" where "depends" says "_".
add_dependency() (
  file=$(find "$kernel_tree" -name '*.ko' -o -name '*.ko.xz' | sed 's:.*/::; s:\.ko.*::' |
    awk -v wanted="$1" '{ name = $0; gsub("-", "_", name); if (name == wanted) { print; exit } }')
  [ -z "$file" ] || add_module "$file" "$2"
)

make_modules() {
  mkdir -p "$tree/lib/modules/lists"
  for list in $module_lists; do
    : >"$tree/lib/modules/lists/$list"
    for module in $(modules_of "$list"); do
      (add_module "$module" "$tree/lib/modules/lists/$list")
    done
  done
}

make_tree() {
  mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys" "$tree/tmp" "$tree/mnt" "$tree/root" \
    "$tree/www" "$tree/etc/acpi/PWRF"
  cp "$busybox" "$tree/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
  done
  ln -s bin "$tree/sbin"
  rm "$tree/bin/poweroff" "$tree/bin/reboot"
  printf '#!/bin/sh\nkill -USR2 1\n' >"$tree/bin/poweroff"
  printf '#!/bin/sh\nkill -TERM 1\n' >"$tree/bin/reboot"
  chmod 755 "$tree/bin/poweroff" "$tree/bin/reboot"
  echo 'root::0:0:root:/root:/bin/sh' >"$tree/etc/passwd"
  echo 'root:x:0:' >"$tree/etc/group"
  install -m 755 "$src/guest/init" "$tree/init"
  install -m 755 "$src/guest/udhcpc" "$src/guest/login" "$src/guest/logins" "$tree/etc/"
  install -m 755 "$src/guest/power" "$tree/etc/acpi/PWRF/00000080"
  install -m 644 "$src/guest/modules" "$src/guest/hooks" "$src/guest/profile" "$tree/etc/"
  install -m 644 "$src/guest/index.html" "$tree/www/"
}

# Finds in what was unpacked what every Linux guest is made of.
find_parts() {
  tree=$work/tree
  busybox=$(find "$work/root" -type f -path '*/bin/busybox' | head -n 1)
  vmlinuz=$(find "$work/root/boot" -name 'vmlinuz-*' | head -n 1)
  kernel_tree=$(find "$work/root" -type d -path '*/modules/*/kernel' | head -n 1)
  [ -n "$busybox" ] && [ -n "$vmlinuz" ] && [ -n "$kernel_tree" ] ||
    fail "the packages do not hold a busybox, a kernel and its modules where they were expected"
}

# The kernel, and the tree as its initramfs.
pack_tree() {
  cp "$vmlinuz" "$work/out/latest/vmlinuz"
  (cd "$tree" && find . | "$busybox" cpio -o -H newc >"$work/initrd" 2>/dev/null)
  gzip -n <"$work/initrd" >"$work/out/latest/initrd.img"
}

make_demo() {
  need qemu-utils qemu-img
  unpack_packages busybox-static syslinux mtools
  find_parts
  mkdir -p "$work/out/latest"
  echo "making the initramfs"
  make_tree
  make_modules
  pack_tree
  echo "making the disk"
  make_disk "$work/out/latest/vmlinuz" "$work/out/latest/initrd.img" 'console=ttyS0 quiet' \
    "$work/out/latest.qcow2"
}
