#!/usr/bin/env bash
# Installs a packed tarball into an empty folder and uses it as its user would: every entry point, its types, and the
# command line. Further arguments go to npm install.
#   scripts/smoke.sh tallystick-0.1.0.tgz [--omit=optional]
set -euo pipefail

checkout=$(cd "$(dirname "$0")/.." && pwd)
tarball=$(realpath "$1")
shift

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --no-audit --no-fund --loglevel=error "$@" "$tarball"
npm_config_cache=$(npm config get cache)
export npm_config_cache HOME="$folder/home"
mkdir "$HOME"

echo '- every entry point can be imported'
cat >imports.js <<'JS'
import { readFileSync } from 'node:fs';
const manifest = JSON.parse(readFileSync('node_modules/tallystick/package.json', 'utf8'));
const entries = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');
for (const [i, subpath] of entries.entries()) {
  const name = manifest.name + subpath.slice(1);
  if (Object.keys(await import(name)).length === 0) throw new Error(`${name} exports nothing`);
  console.log(`export * as entry${i} from '${name}';`);
}
JS
node imports.js >entries.ts

echo '- its types hold in a strict program'
case " $* " in
*' --omit=optional '*) ;; # DuckDB's own types are not there.
*)
  "$checkout/node_modules/.bin/tsc" --noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable,dom \
    --typeRoots "$checkout/node_modules/@types" --types node entries.ts
  ;;
esac

echo '- the command line appends, finds and verifies'
tallystick() { npx --no-install tallystick "$@"; }
version=$(node --print "require('tallystick/package.json').version")
[[ $(tallystick --version) == *"$version"* ]]
tallystick --help >help.txt
grep -q verify help.txt
record='{"time":1790000000000,"system":"smoke","event":"SMOKE_TEST","outcome":"success"}'
printf '%s\n%s\n' "$record" "$record" | tallystick append --data data --json >receipts.txt
grep -q '"seq":2' receipts.txt
tallystick get "$(hostname)" 2 --data data | grep -q SMOKE_TEST
tallystick verify --data data

echo '- evidence in one page, which the verifier in one file reads'
tallystick evidence create "$(hostname)" 2 --data data --html -o two.html
tallystick evidence verify two.html | grep -q 'the page around it is the one of this program'
cp node_modules/tallystick/dist/tallystick-verify.js alone.js
node alone.js two.html

echo '- the sample month goes in'
tallystick demo story --data story --json >story.txt
[[ $(wc -l <story.txt) -ge 7 ]]
tallystick verify --data story
