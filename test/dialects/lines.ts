/** Lines as the four systems write them, made up for these tests. */

export const SIGNSERVER_LINES: readonly string[] = [
  '2026-03-02 08:15:30,123 INFO  [SignServerLog4jDevice] EVENT: KEYGEN; OUTCOME: SUCCESS; MODULE: KEY_MANAGEMENT; ' +
    'ADMINISTRATOR: CN=Ann Example, O=Test; ISSUER: CN=Test CA, O=Test; SERIAL_NUMBER: 1a2b3c; WORKER_ID: 7; ' +
    'KEYALIAS: code-1; CRYPTOTOKEN: Token1; KEYSPEC: 2048; KEYALG: RSA; REPLY_TIME:1772439330123\n',
  '2026-03-02 08:16:00,001 INFO  [SignServerLog4jDevice] EVENT: CERTINSTALLED; OUTCOME: SUCCESS; ' +
    'MODULE: WORKER_CONFIG; ADMINISTRATOR: CLI user; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; ' +
    'CERTIFICATE: Subject: CN=code-1\nIssuer: CN=Test CA\n-----BEGIN CERTIFICATE-----\nAQID\n' +
    '-----END CERTIFICATE-----\n; SCOPE: GLOBAL; REPLY_TIME:1772439360001\n',
  '2026-03-02 08:17:00,500 INFO  [SignServerLog4jDevice] EVENT: PROCESS; OUTCOME: FAILURE; MODULE: WORKER; ' +
    'ADMINISTRATOR: Client user; ISSUER: null; SERIAL_NUMBER: null; WORKER_ID: 7; CLIENT_IP: 192.0.2.9; ' +
    'EXCEPTION: No; really: no; PROCESS_SUCCESS: false; FILENAME: a.bin; REPLY_TIME:1772439420500\n',
];

export const SIGNSERVER_WORKER_LINES: readonly string[] = [
  '2026-03-02 08:15:30,123 INFO  [IWorkerLogger] AllVariablesLogger; CLIENT_IP: 192.0.2.9; WORKER_ID: 7; ' +
    'KEYALIAS: code-1; PROCESS_SUCCESS: true; LOG_ID: id-1; REPLY_TIME:1772439330123\n',
  '2026-03-02 08:16:00,001 INFO  [IWorkerLogger] AllVariablesLogger; WORKER_ID: 7; EXCEPTION: No: \nreally; no; ' +
    'PROCESS_SUCCESS: false; REPLY_TIME:1772439360001\n',
  '2026-03-02 08:17:00,500 INFO  [IWorkerLogger] AUDIT; DefaultTimeStampLogger; LOG_ID: id-2; CLIENT_IP: ::1; ' +
    `REQUEST_FULLURL: http://h/p?a=b; RequestTime: 1772439420499; ResponseTime: 1; EXCEPTION: \${EXCEPTION}\n`,
];

export const DOGTAG_LINES: readonly string[] = [
  '0.main - [02/Mar/2026:08:15:30 UTC] [14] [6] [AuditEvent=AUDIT_LOG_STARTUP][SubjectID=$System$]' +
    '[Outcome=Success] audit function startup\n',
  '0.https-exec-1 - [02/Mar/2026:08:15:31 UTC] [14] [6] [AuditEvent=CERT_STATUS_CHANGE_REQUEST][SubjectID=ann]' +
    '[Outcome=Success][ReqID=0x11][CertSerialNum=0x1a2b3c][RequestType=revoke] request made\n',
  '0.https-exec-2 - [02/Mar/2026:08:15:32 UTC] [14] [6] [AuditEvent=AUTH][SubjectID=$Unidentified$]' +
    '[Outcome=Failure][AuthMgr=m][AttemptedCred=a\nb] authentication failure\n',
];

export const XROAD_LINES: readonly string[] = [
  '2026-03-02T10:15:30+02:00 ss.example correlation-id: [00ff00ff00ff00ff] INFO  [X-Road Proxy Admin REST API] ' +
    '2026-03-02T10:15:30.250+02:00 - {"event":"Log in user","user":"ann","ipaddress":"192.0.2.9","url":"/login",' +
    '"data":{}}\n',
  '2026-03-02T10:15:31+02:00 ss.example correlation-id: [] INFO  [X-Road Proxy Admin REST API] ' +
    '2026-03-02T10:15:31.000+02:00 - {"event":"Delete key failed","user":null,"reason":"Access is denied",' +
    '"warning":false,"auth":"Session","url":"/api/v1/keys/1","data":{"tokenId":"0","keyId":"1"}}\n',
  '2026-03-02T10:15:32+02:00 ss.example INFO  [X-Road Signer Console] 2026-03-02T10:15:32.000+02:00 - ' +
    '{"event":"Log into the token","user":"xroad","data":{"tokenId":"0"}}\n',
];

export const DIGICERT_LINES: readonly string[] = [
  'Event ID,Date,Action,Status,User,Resource type,Resource ID,Resource name,Client IP,Error message\r\n',
  'e-1,2026-03-02T08:15:30Z,Generate,SUCCESS,Ann Example (ann),KEYPAIR,k-1,code-1,192.0.2.9,\r\n',
  'e-2,2026-03-02T08:16:30Z,Sign,FAILED,"Example, Ann (ann)",KEYPAIR,k-1,code-1,192.0.2.9,"key ""code-1""\r\n' +
    'is offline"\r\n',
];

export const DIGICERT_JSON_LINES: readonly string[] = [
  '{"id":"e-1","date":"2026-03-02T08:15:30Z","action":"Generate","status":"SUCCESS","user_name":"Ann Example (ann)",' +
    '"resource_type":"KEYPAIR","resource_id":"k-1","resource_name":"code-1","client_ip":"192.0.2.9"}\n',
  '{"id":"s-1","date":"2026-03-02T08:16:30Z","status":"Failed","signer":"Example, Ann (ann)","keypair_alias":"code-1",' +
    '"keypair_id":"k-1","hash":null,"signature":null,"error_message":"key \\"code-1\\"\\r\\nis offline","metadata":[' +
    '{"metadata_key":"file-name","metadata_value":"a, b.exe","metadata_primary":true,"metadata_source":"smctl"}]}\n',
];
