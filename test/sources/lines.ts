/** Lines as X-Road writes them, one event each. */
export function xroadLine(n: number, event = 'Log in user'): string {
  const time = new Date(Date.UTC(2026, 9, 5) + 1000 * n).toISOString();
  const json = JSON.stringify({
    event,
    user: `user${n}`,
    ipaddress: '192.0.2.7',
    auth: 'Session',
    url: '/login',
  });
  return `${time} ss1 correlation-id: [c${n}] INFO  [X-Road Proxy Admin REST API] ${time} - ${json}\n`;
}

export function xroadLines(from: number, to: number): string {
  let text = '';
  for (let n = from; n < to; n++) text += xroadLine(n);
  return text;
}

export const CSV_HEADER = 'Date,Action,Status,User,Resource type,Resource ID\r\n';

/** A row of DigiCert's audit log. */
export function csvRow(n: number): string {
  return `${new Date(Date.UTC(2026, 9, 5) + 1000 * n).toISOString()},Sign,Successful,user${n},Keypair,k${n}\r\n`;
}
