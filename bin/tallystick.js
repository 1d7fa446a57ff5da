#!/usr/bin/env node
// Launcher: runs the command line under a Node that is new enough, whichever Node started it. Plain JavaScript
// that Node 14 understands.

import { spawn } from 'node:child_process';
import { keepCompiled, PROGRAM } from './compiled.js';
import { findNode, whatToInstall } from './find-node.js';
import { beFrugal, FRUGAL, FRUGAL_ENV } from './frugal.js';

const node = findNode();
const isVerify = process.argv[2] === 'verify';
const flags = isVerify ? FRUGAL : [];
const areSet = flags.every((flag) => process.execArgv.includes(flag));
if (node === null) fail(whatToInstall());
else if (node === process.execPath && areSet) runHere();
else runUnder(node);

function runHere() {
  if (isVerify) beFrugal();
  keepCompiled();
  import(PROGRAM)
    .then((cli) => cli.main(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    })
    .catch((error) => fail(error));
}

function runUnder(node) {
  // By the name that it was started by, which the program says to whoever shall start it again.
  const child = spawn(node, [...process.execArgv, ...flags, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: isVerify ? { ...FRUGAL_ENV, ...process.env } : process.env,
  });
  const forward = (signal) => {
    // A terminal sends its Ctrl-C to both of us; sent on, the child would count two.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => fail(`tallystick cannot start ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    for (const each of signals) process.removeListener(each, forward);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
}

/** 2, since 1 is an answer of `tallystick verify`. */
function fail(error) {
  console.error(error);
  process.exitCode = 2;
}
