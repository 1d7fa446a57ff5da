import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import type { AuditLog } from '../../src/audit-log.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { openLog } from '../../src/open.ts';
import type { RecordDraft } from '../../src/record/mod.ts';
import { createServer, type ServedLog } from '../../src/server/mod.ts';

export const VERSION = '9.8.7';
export const NODE = 'ca1';

const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** Does this when the file's tests are done; what was asked for last is done first. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A directory that is gone when the file's tests are done. */
export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-server-'));
  atEnd(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A log of its own in a new directory, closed when the file's tests are done. */
export async function tempLog(
  options: { readonly index?: boolean; readonly data?: string } = {},
): Promise<AuditLog> {
  const data = options.data ?? tempDir();
  const log = await openLog({
    data,
    node: NODE,
    index: options.index ?? false,
    state: join(data, 'state'),
  });
  atEnd(() => log.close());
  return log;
}

export function serverFor(log: ServedLog): FastifyInstance {
  const app = createServer({ log, version: VERSION });
  atEnd(() => app.close());
  return app;
}

/** The log, but for what a test wants otherwise. */
export function altered(log: AuditLog, changes: Partial<ServedLog>): ServedLog {
  return {
    node: log.node,
    vkey: log.vkey,
    head: log.head,
    stopped: log.stopped,
    reader: log.reader,
    append: log.append.bind(log),
    appendEach: log.appendEach.bind(log),
    appendOwn: log.appendOwn.bind(log),
    state: log.state.bind(log),
    acts: log.acts,
    watch: log.watch,
    administration: log.administration.bind(log),
    ...changes,
  };
}

let count = 0;

/** A record unlike any other. */
export function draft(more: Partial<RecordDraft> = {}): RecordDraft {
  count++;
  return {
    time: 1_600_000_000_000 + count,
    system: 'shop',
    event: `EVENT_${count}`,
    outcome: 'success',
    ...more,
  };
}

export function post(
  app: FastifyInstance,
  payload: string | Buffer,
  more: InjectOptions & { readonly type?: string } = {},
): Promise<LightMyRequestResponse> {
  const { type = 'application/json', headers, ...rest } = more;
  return app.inject({
    method: 'POST',
    url: '/v1/records',
    payload,
    ...rest,
    headers: { 'content-type': type, ...headers },
  });
}

export function postLines(app: FastifyInstance, lines: string | Buffer): Promise<LightMyRequestResponse> {
  return post(app, lines, { type: 'application/x-ndjson' });
}

/** The answer is this problem, whole and in the right form. */
export function assertProblem(
  answer: Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'json'>,
  code: ErrorCode,
  status: number,
): Record<string, unknown> {
  const problem = answer.json();
  assert.equal(problem.code, code, JSON.stringify(problem));
  assert.equal(answer.statusCode, status);
  assert.equal(problem.status, status);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  assert.equal(problem.type, `urn:tallystick:problem:${code}`);
  assert.equal(typeof problem.title, 'string');
  assert.equal(typeof problem.detail, 'string');
  return problem;
}
