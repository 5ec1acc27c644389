# Which version a build is of. Sourced; needs $root and $runtime.

# That of package.json when the commit bears its tag and nothing is changed; otherwise with the commit behind it:
# sorted before the release while that is to come (0.2.0~git…), after it when it has been (0.2.0+git…).
program_version() {
  release=$(cd "$root" && "$runtime" -p 'require("./package.json").version')
  commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null) || { echo "$release"; return; }
  changed=
  git -C "$root" diff --quiet HEAD 2>/dev/null || changed=.changed
  if [ "$(git -C "$root" tag --points-at HEAD --list "v$release")" ] && [ -z "$changed" ]; then
    echo "$release"
    return
  fi
  sign='~'
  [ -z "$(git -C "$root" tag --merged HEAD --list "v$release")" ] || sign=+
  echo "$release${sign}git$(TZ=UTC git -C "$root" log -1 --format=%cd --date=format-local:%Y%m%dT%H%M%S).$commit$changed"
}

# Of the newest commit, or now where there is no git: the time that everything in the package bears.
commit_time() {
  git -C "$root" log -1 --format=%cd --date=rfc2822 2>/dev/null || date --rfc-email
}
