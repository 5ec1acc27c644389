# A bootable disk without root or loop devices: partition table by hand, FAT by mtools, boot loader by
# syslinux, which writes into an image through mtools. Sourced by images/build.

disk_mib=64
partition_sector=2048

# Prints $1 as 4 bytes, little-endian, in the notation of printf.
le32() {
  printf '\\%03o\\%03o\\%03o\\%03o' \
    $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# Runs a program of the unpacked packages, which finds its helpers there too.
unpacked() {
  PATH=$work/root/usr/bin:$PATH MTOOLS_SKIP_CHECK=1 "$@"
}

# make_disk KERNEL INITRD KERNEL-ARGUMENTS RESULT: a qcow2 disk with one active FAT partition.
make_disk() {
  raw=$work/disk.raw
  offset=$((partition_sector * 512))
  sectors=$((disk_mib * 2048 - partition_sector))
  rm -f "$raw"
  truncate -s "${disk_mib}M" "$raw"

  dd if="$work/root/usr/lib/SYSLINUX/mbr.bin" of="$raw" conv=notrunc 2>/dev/null
  # Active, CHS unused, type 0x0e (FAT16 by LBA), first sector, number of sectors.
  printf "\\200\\376\\377\\377\\016\\376\\377\\377$(le32 $partition_sector)$(le32 $sectors)" |
    dd of="$raw" bs=1 seek=446 conv=notrunc 2>/dev/null
  printf '\125\252' | dd of="$raw" bs=1 seek=510 conv=notrunc 2>/dev/null

  unpacked mformat -i "$raw@@$offset" -T "$sectors" -h 64 -s 32 -H $partition_sector -c 4 -v SOLOVIRT ::
  cat >"$work/syslinux.cfg" <<CFG
SERIAL 0 115200
DEFAULT linux
PROMPT 0
LABEL linux
  KERNEL vmlinuz
  INITRD initrd.img
  APPEND $3
CFG
  unpacked mcopy -i "$raw@@$offset" "$work/syslinux.cfg" ::syslinux.cfg
  unpacked mcopy -i "$raw@@$offset" "$1" ::vmlinuz
  unpacked mcopy -i "$raw@@$offset" "$2" ::initrd.img
  unpacked syslinux --install --offset "$offset" "$raw"
  qemu-img convert -f raw -O qcow2 "$raw" "$4"
}
