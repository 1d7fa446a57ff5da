import type { ErrorCode } from '../../errors.ts';
import type { Session, SessionOptions } from './session.ts';

/** What a library's thread is asked and answers. */

export interface ThreadData {
  /** Path of the PKCS#11 library. */
  readonly library: string;
}

export type SessionCalls = Omit<Session, 'isOpen' | 'logsIn' | 'forget'>;

export interface Call extends SessionOptions {
  readonly id: number;
  /** Whose session; made with the first call. */
  readonly session: number;
  readonly name: keyof SessionCalls;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly context: Readonly<Record<string, unknown>>;
  };
}
