import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const VAR_TMP = '/var/tmp';

/** Temporary, and on a disk: `tmpdir()` may be in memory, where no process is ever killed while it waits for a sync. */
export const onDisk: string = existsSync(VAR_TMP) ? VAR_TMP : tmpdir();
