# The boot-sector guests: tiny.S once for each variant, padded to the 1 MiB that a BIOS needs to boot it
# from a virtio or SATA disk. Sourced by images/build.

tiny_variants='obey ignore slow off off-after reset reset-once crash panic spin rest watchdog witness'

tiny_files() {
  for variant in $tiny_variants; do echo "$variant.img"; done
}

make_tiny() {
  need binutils as ld
  for variant in $tiny_variants; do
    case "$variant" in
      panic | watchdog) far_memory=1 ;;
      *) far_memory=0 ;;
    esac
    symbol=VARIANT_$(echo "$variant" | tr - _)
    as --32 --defsym "$symbol=1" --defsym FAR_MEMORY=$far_memory -o "$work/tiny.o" "$src/tiny.S"
    ld -m elf_i386 -N -e _start -Ttext 0x7c00 --oformat binary \
      -o "$work/out/$variant.img" "$work/tiny.o"
    chmod 644 "$work/out/$variant.img"
    truncate -s 1M "$work/out/$variant.img"
  done
}
