# The npm packages, among them the Node 26 that runs solovirt. Sourced; needs say.sh and $root.

modules=$root/node_modules
runtime=$modules/.bin/node

# Installed by us from this very lock file, or by hand later than the lock file changed.
modules_fresh() {
  "$runtime" --version >/dev/null 2>&1 || return 1
  if [ -e "$modules/.solovirt-lock" ]; then
    cmp -s "$modules/.solovirt-lock" "$root/package-lock.json"
  else
    [ "$modules/.package-lock.json" -nt "$root/package-lock.json" ]
  fi
}

# npm must not run on the Node inside node_modules, which `npm ci` deletes first: `npm run` puts it at the
# front of PATH.
outer_path() {
  printf '%s' "$PATH" | tr : '\n' | grep -v '/node_modules/\.bin$\|/node-gyp-bin$' | paste -s -d : -
}

install_modules() (
  cd "$root" || exit
  PATH=$(outer_path)
  npm ci --include=dev --no-audit --no-fund --loglevel=error && cp package-lock.json "$modules/.solovirt-lock"
)

ensure_modules() {
  modules_fresh && return
  command -v npm >/dev/null 2>&1 || fail "npm is missing: install any Node.js of version 20 or later with npm
(Debian 13: apt-get install nodejs npm; others: https://nodejs.org/en/download)"
  step 'installing npm packages and Node 26 (about 370 MB)' install_modules
  "$runtime" --version >/dev/null 2>&1 ||
    fail "$runtime does not run. If npm is set to ignore-scripts, turn that off, delete node_modules, and try again"
}
