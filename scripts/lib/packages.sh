# The Debian packages that solovirt needs, and how they get onto this machine. Sourced; needs say.sh.

# Lines of "PACKAGE COMMAND-OR-FILE...": the package is missing when one of them is. `ps` is what tree-kill
# runs, libatomic and libstdc++ are the only libraries of Node 26 that a bare Debian lacks.
needed_to_run='
qemu-system-x86 qemu-system-x86_64
qemu-utils qemu-img
procps ps
util-linux setsid flock
libatomic1 libatomic.so.1
libstdc++6 libstdc++.so.6
'
needed_to_test='
binutils as ld
curl curl
docker-registry docker-registry
e2fsprogs mke2fs
fish fish
genisoimage isoinfo
kubernetes-client kubectl
mandoc mandoc
skopeo skopeo
openssh-client ssh ssh-keygen
xz-utils xz
ovmf /usr/share/OVMF/OVMF_CODE_4M.fd
qemu-efi-aarch64 /usr/share/AAVMF/AAVMF_CODE.fd
qemu-system-arm qemu-system-aarch64
passt passt
swtpm swtpm
zsh zsh
'
# virtiofsd, which Debian 12 has in qemu-system-common.
case $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null) in
  bookworm) ;;
  *)
    needed_to_test="${needed_to_test}virtiofsd /usr/libexec/virtiofsd
"
    ;;
esac
# For the machines of test/system and the networks of other tests, which only root can make.
needed_to_test_as_root='
systemd systemctl systemd-analyze
systemd-container systemd-nspawn
dbus /lib/systemd/system/dbus.service
polkitd /usr/lib/polkit-1/polkitd
dnsmasq-base dnsmasq
iproute2 ip
nftables nft
'
# What `npm run bench` compares with.
needed_to_bench='
binutils strip
libvirt-clients virsh
libvirt-daemon-system libvirtd
supervisor supervisord
systemd systemctl systemd-analyze
systemd-container systemd-nspawn
dbus /lib/systemd/system/dbus.service
polkitd /usr/lib/polkit-1/polkitd
'
needed_to_package='
binutils strip
debhelper dh
dpkg-dev dpkg-buildpackage
'
needed_to_package_arm64='
binutils-aarch64-linux-gnu aarch64-linux-gnu-strip
'

present() {
  case "$1" in
    *.so.*)
      for library in /usr/lib/*/"$1" /usr/lib64/"$1" /usr/lib/"$1" /lib/*/"$1"; do
        [ -e "$library" ] && return 0
      done
      return 1
      ;;
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

# Prints the packages of the given table that are missing.
missing_packages() {
  printf '%s\n' "$1" | while read -r package parts; do
    for part in $parts; do
      present "$part" || { printf '%s ' "$package"; break; }
    done
  done
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  # This package starts a server for the whole network, and the tests start their own.
  case " $* " in
    *' docker-registry '*)
      [ ! -d /run/systemd/system ] || systemctl -q mask docker-registry.service
      ;;
  esac
  apt-get -q -y install --no-install-recommends "$@" && return
  # Package lists that are missing or older than the mirror.
  apt-get -q update && apt-get -q -y install --no-install-recommends "$@"
}

# Installs what is missing, or says exactly what to install.
ensure_packages() {
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  [ "$(uname -sm)" = 'Linux x86_64' ] ||
    fail "solovirt runs QEMU's x86_64 machines on Linux x86_64; this is $(uname -sm)"
  command -v apt-get >/dev/null 2>&1 ||
    fail "needed programs are missing, and this is not a Debian (12 or 13): install what holds
  $(wanted_parts "$1")
(in Debian the packages ${missing% }), then run this again"
  [ "$(id -u)" = 0 ] ||
    fail "packages are missing, and only root can install them:
  sudo apt-get update
  sudo apt-get install --no-install-recommends ${missing% }
then run this again; it needs no root from then on"
  # shellcheck disable=SC2086
  step "installing Debian packages: ${missing% }" apt_install $missing
  missing=$(missing_packages "$1")
  [ -z "$missing" ] || fail "still missing after apt-get install: ${missing% }"
}

# Prints the commands and libraries of the table that are missing.
wanted_parts() {
  printf '%s\n' "$1" | while read -r package parts; do
    for part in $parts; do
      present "$part" || printf '%s ' "$part"
    done
  done
}
