import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const packages: Readonly<Record<string, Locked>> = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
).packages;

test('every locked package has a digest, and none an address', () => {
  for (const [where, locked] of Object.entries(packages)) {
    if (where === '') continue;
    assert.match(locked.integrity ?? '', /^sha512-/, where);
    assert.equal(locked.resolved, undefined, where);
  }
});

test('the lock is whole: packages for other platforms are in it too', () => {
  // A release that lacks one leaves a hole in the lock, and `npm ci` refuses it where nothing is installed yet.
  const places = Object.keys(packages);
  const missing: string[] = [];
  for (const [where, locked] of Object.entries(packages)) {
    const wanted = { ...locked.dependencies, ...locked.optionalDependencies, ...locked.devDependencies };
    for (const name of Object.keys(wanted)) {
      if (!places.some((place) => place.endsWith(`node_modules/${name}`))) missing.push(`${where}: ${name}`);
    }
  }
  assert.deepEqual(missing, []);
});
