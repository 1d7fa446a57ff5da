import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A certificate in PEM for whatever key, with the least that OpenSSL reads; its own signature is of another key. */
export function certificate(key: KeyObject): string {
  const algorithm = sequence(hex('06082a8648ce3d040302'));
  const name = sequence(tagged(0x31, sequence(hex('0603550403'), tagged(0x0c, Buffer.from('test')))));
  const time = (text: string) => tagged(0x17, Buffer.from(text));
  const tbs = sequence(
    tagged(0xa0, hex('020102')),
    hex('020101'),
    algorithm,
    name,
    sequence(time('260101000000Z'), time('360101000000Z')),
    name,
    key.export({ type: 'spki', format: 'der' }),
  );
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = tagged(0x03, Buffer.concat([Buffer.of(0), sign('sha256', tbs, privateKey)]));
  const base64 = sequence(tbs, algorithm, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const length = value.length < 0x80 ? [value.length] : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
