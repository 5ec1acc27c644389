# Debian packages as raw material: fetched with apt-get, which checks their signatures, and unpacked
# into the working directory; nothing is installed. Sourced by images/build.

kernel_package=linux-image-cloud-amd64

# The kernel that the release's meta package stands for at present.
kernel_image_package() {
  apt-cache depends "$kernel_package" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p'
}

download() {
  kernel=$(kernel_image_package)
  [ -n "$kernel" ] || return 1
  (cd "$work/packages" && apt-get -q -o APT::Sandbox::User=root download "$kernel" "$@") \
    >"$work/download.log" 2>&1
}

# Unpacks the kernel and the packages named into $work/root.
unpack_packages() {
  need 'a Debian system; this one has no' apt-get apt-cache dpkg-deb
  mkdir -p "$work/packages" "$work/root"
  echo "fetching $kernel_package $*"
  if ! download "$@"; then
    [ "$(id -u)" = 0 ] || fail "apt-get could not fetch $kernel_package $*; as root, run: apt-get update"
    echo "fetching the package lists"
    apt-get -q update >"$work/update.log" 2>&1 || { cat "$work/update.log" >&2; fail "apt-get update failed"; }
    download "$@" || {
      cat "$work/download.log" >&2
      fail "apt-get could not fetch $kernel_package $* (Debian 12 and 13 have them all)"
    }
  fi
  for package in "$work"/packages/*.deb; do
    dpkg-deb -x "$package" "$work/root"
  done
}
