# The demo guest for 64-bit ARM, from Debian's packages for that architecture. Sourced by images/build, after demo.sh.

arm64_files() {
  echo latest/vmlinuz latest/initrd.img
}

# apt's lists of the other architecture stay in the working directory: this machine's own are not touched.
arm64_apt() {
  program=$1
  shift
  "$program" -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
    -o Dir::State::lists="$work/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" "$@"
}

unpack_arm64_packages() {
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/foreign" "$work/packages"
  echo "fetching Debian's packages for arm64"
  (
    arm64_apt apt-get update
    kernel=$(arm64_apt apt-cache depends linux-image-cloud-arm64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p')
    cd "$work/foreign" && arm64_apt apt-get download "$kernel" busybox-static
  ) >"$work/download.log" 2>&1 || {
    cat "$work/download.log" >&2
    fail "apt-get could not fetch a kernel and busybox-static for arm64 (Debian 12 and 13 have them)"
  }
  for package in "$work"/foreign/*.deb; do
    dpkg-deb -x "$package" "$work/root"
  done
}

make_arm64() {
  need 'a Debian system; this one has no' apt-get apt-cache dpkg-deb
  unpack_arm64_packages
  find_parts
  foreign_busybox=$busybox
  # What this machine can run: it makes the archive, and names the applets.
  (cd "$work/packages" && apt-get -q -o APT::Sandbox::User=root download busybox-static) >"$work/download.log" 2>&1 ||
    { cat "$work/download.log" >&2; fail "apt-get could not fetch busybox-static"; }
  dpkg-deb -x "$work"/packages/busybox-static_*.deb "$work/native"
  busybox=$(find "$work/native" -type f -path '*/bin/busybox' | head -n 1)
  mkdir -p "$work/out/latest"
  echo "making the initramfs"
  make_tree
  cp "$foreign_busybox" "$tree/bin/busybox"
  make_modules
  pack_tree
}
