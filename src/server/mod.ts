export { createServer, type ServerOptions } from './app.ts';
export { socketAddress } from './control-socket.ts';
export { operatingLog } from './operating-log.ts';
export type { Problem } from './problem.ts';
export type { ServedLog } from './service.ts';
export { DEFAULT_PORT, type RunningServer, type StartOptions, startServer } from './start.ts';
