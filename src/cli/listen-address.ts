import type { Call } from './command.ts';

/** Where to listen, from an option that reads `HOST:PORT`, `[::1]:PORT` or `PORT`, which is on 127.0.0.1. Throws a usage error. */
export function listenAddress(
  call: Call,
  option: string,
  otherwise = '',
): { readonly host: string; readonly port: number } {
  const text = call.text(option) ?? otherwise;
  const [, v6, name, port] = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):)?([0-9]{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw call.usage(`--${option} is ${JSON.stringify(text)}; it reads HOST:PORT`);
  return {
    host: v6 ?? name ?? '127.0.0.1',
    port: call.toNumber('the port', String(Number(port)), 0, 65_535),
  };
}
