#!/usr/bin/env bash
# What a newcomer does first, with what is committed: `npm start` in a fresh checkout, a look at the server, Ctrl-C.
set -euo pipefail

checkout=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
server=''
trap '[[ -z $server ]] || kill -KILL -- "-$server" || true; rm -rf "$folder"' EXIT
git -C "$checkout" -c safe.directory='*' archive HEAD | tar -x -C "$folder"
cd "$folder"
# A home of its own, so that nothing of the user's is read or changed; npm keeps its settings and cache.
export npm_config_userconfig="$HOME/.npmrc" npm_config_cache
npm_config_cache=$(npm config get cache)
export HOME="$folder/home"
mkdir "$HOME"

set -m # A process group of its own, as in a terminal.
npm start &
server=$!
answer=''
for ((i = 0; i < 120; i++)); do
  kill -0 "$server" # The server must still be there.
  answer=$(node -e "fetch('http://127.0.0.1:4780/healthz').then((r) => r.text()).then(console.log, () => {})")
  [[ -n $answer ]] && break
  sleep 1
done
[[ -n $answer ]] || { echo 'no answer from /healthz within two minutes' >&2; exit 1; }
echo "/healthz: $answer"

kill -INT -- "-$server"
code=0
wait "$server" || code=$?
server=''
# Ctrl-C reaches npm as well, which may say 130 before the server has said 0.
((code == 0 || code == 130)) || { echo "npm start ended with $code" >&2; exit 1; }
for ((i = 0; i < 50; i++)); do
  [[ -S tallystick-data/control.sock ]] || break
  sleep 0.2
done
stops=$(node bin/tallystick.js search 'event:AUDIT_LOG_SHUTDOWN' --json | grep -o '"event":"AUDIT_LOG_SHUTDOWN"' | wc -l)
((stops == 1)) || { echo "the server did not stop cleanly: $stops records say so" >&2; exit 1; }
node bin/tallystick.js verify
