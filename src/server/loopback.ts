import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { UsageError } from '../errors.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The address to listen on. Until there is access control, whoever reaches the port may read and write the log, so
 * only this machine may: anything but a loopback address, or `localhost` where it means nothing else, is refused
 * with `UsageError` USAGE.
 */
export async function loopbackAddress(host: string): Promise<string> {
  if (isIP(host) !== 0) {
    if (!isLoopback(host)) throw refused(host);
    return host;
  }
  if (host.toLowerCase() !== 'localhost') throw refused(host);
  const addresses = (await lookup(host, { all: true })).map(({ address }) => address);
  if (addresses.length === 0 || !addresses.every(isLoopback)) throw refused(host);
  return addresses.find((address) => isIP(address) === 4) ?? (addresses[0] as string);
}

function isLoopback(address: string): boolean {
  // An address with a zone (`fe80::1%eth0`) is no loopback address, and not for the list to judge.
  return !address.includes('%') && LOOPBACK.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

function refused(host: string): UsageError {
  return new UsageError(
    'USAGE',
    `will not listen on ${host}: there is no access control yet, so only this machine may connect; use 127.0.0.1, ::1 or localhost, and a tunnel from elsewhere`,
    { context: { host } },
  );
}
