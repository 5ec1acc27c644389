# The agent guest: the demo guest with Debian's qemu-guest-agent and an ssh server in it, and a small data disk to be
# frozen. Sourced by images/build, after demo.sh.

agent_files() {
  echo latest/vmlinuz latest/initrd.img latest.qcow2
}

# The programs, and the libraries that they may need, by Debian's dependencies; their names differ between releases.
agent_packages() {
  echo qemu-guest-agent dropbear-bin
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
    qemu-guest-agent dropbear-bin 2>/dev/null | grep -E '^(lib[a-z0-9.+-]+|zlib1g)$' | grep -v perl
}

# Prints what the given ELF file is linked with.
libraries_of() {
  objdump -p "$1" | sed -n 's/^ *NEEDED *//p'
}

# Copies a program or library to $2 in the tree, and whatever it is linked with.
add_linked() {
  [ ! -e "$tree/$2" ] || return 0
  mkdir -p "$tree/${2%/*}"
  cp -L "$1" "$tree/$2"
  for library in $(libraries_of "$1"); do
    found=$(find "$work/root" -name "$library" | head -n 1)
    [ -n "$found" ] || fail "the packages do not hold $library, which ${1##*/} needs"
    # The dynamic loader is looked for where each program says; all else is found in /lib.
    case "$library" in
      ld-linux*) (add_linked "$found" "lib64/$library") ;;
      *) (add_linked "$found" "lib/$library") ;;
    esac
  done
}

make_agent() {
  need qemu-utils qemu-img
  need binutils objdump
  need e2fsprogs mke2fs
  # shellcheck disable=SC2046
  unpack_packages busybox-static $(agent_packages)
  find_parts
  mkdir -p "$work/out/latest"
  echo "making the initramfs"
  make_tree
  file_systems='isofs ext4'
  make_modules
  mkdir -p "$tree/run" "$tree/var" "$tree/data" "$tree/www/cgi-bin" "$tree/etc/agent" "$tree/etc/dropbear"
  ln -s /run "$tree/var/run"
  for program in qemu-ga dropbear; do
    add_linked "$(find "$work/root" -type f -path "*bin/$program" | head -n 1)" "bin/$program"
  done
  install -m 644 "$src/agent/start" "$src/agent/ports" "$tree/etc/agent/"
  install -m 644 "$src/agent/os-release" "$tree/etc/"
  install -m 755 "$src/agent/control" "$tree/www/cgi-bin/agent"
  install -m 755 "$src/agent/shutdown" "$tree/bin/"
  pack_tree
  echo "making the data disk"
  truncate -s 8M "$work/data.raw"
  mke2fs -q -t ext4 -L solovirt-data "$work/data.raw"
  qemu-img convert -f raw -O qcow2 "$work/data.raw" "$work/out/latest.qcow2"
}
