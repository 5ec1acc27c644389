# How set-up talks: one line for each long step, with the time it takes. Sourced; needs $root.

# Everything that the steps print.
setup_log=$root/.solovirt/setup.log

fail() {
  printf '\nsolovirt: %s\n' "$1" >&2
  exit 1
}

# step TEXT COMMAND...: runs the command under one line of progress: counting seconds on a terminal, a sign
# of life each 15 s elsewhere. If it fails, shows the end of what it printed and exits.
step() {
  step_text=$1
  shift
  printf '==> %s\n' "$step_text"
  mkdir -p "${setup_log%/*}"
  printf '==> %s\n' "$step_text" >>"$setup_log"
  step_from=$(date +%s)
  if [ -t 1 ]; then step_every=1 step_mark='\r    %s s'; else step_every=15 step_mark='    %s s …\n'; fi
  # The ticker holds neither the lock on descriptor 9 nor, while it sleeps, our output: it may outlive us
  # by a second.
  while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    step_seconds=$(($(date +%s) - step_from))
    # shellcheck disable=SC2059
    [ $((step_seconds % step_every)) -ne 0 ] || printf "$step_mark" "$step_seconds"
  done </dev/null 9>&- &
  step_ticker=$!
  step_status=0
  "$@" >>"$setup_log" 2>&1 </dev/null 9>&- || step_status=$?
  kill "$step_ticker" 2>/dev/null
  wait "$step_ticker" 2>/dev/null || true
  if [ "$step_status" -ne 0 ]; then
    printf '\n    failed; the last lines of %s:\n' "$setup_log" >&2
    sed -n '/^==> /h; /^==> /!H; ${ x; p; }' "$setup_log" | tail -n 25 | sed 's/^/    | /' >&2
    fail "$step_text: failed with status $step_status"
  fi
  if [ -t 1 ]; then printf '\r'; fi
  printf '    done in %s s\n' $(($(date +%s) - step_from))
}
