import type { EventInfo } from '../../catalog/catalog.ts';
import type { Outcome } from '../../record/types.ts';

type Text = string | { readonly success: string; readonly failure: string };

/**
 * The fixed words that end the line of an event, by its name in the catalog, of release 11.10
 * (github.com/dogtagpki/pki, `base/server/src/main/resources/audit-events.properties`). Events that no
 * release since 10.5 writes have none here.
 */
export const TEXTS: Readonly<Record<string, Text>> = {
  AUDIT_LOG_STARTUP: 'audit function startup',
  AUDIT_LOG_SHUTDOWN: 'audit function shutdown',
  ROLE_ASSUME: 'assume privileged role',
  CONFIG_CERT_PROFILE: 'certificate profile configuration parameter(s) change',
  CONFIG_CRL_PROFILE: 'CRL profile configuration parameter(s) change',
  CONFIG_OCSP_PROFILE: 'OCSP profile configuration parameter(s) change',
  CONFIG_AUTH: 'authentication configuration parameter(s) change',
  CONFIG_ROLE: 'role configuration parameter(s) change',
  CONFIG_ACL: 'ACL configuration parameter(s) change',
  CONFIG_SIGNED_AUDIT: 'signed audit configuration parameter(s) change',
  CONFIG_ENCRYPTION: 'encryption configuration parameter(s) change',
  CONFIG_TRUSTED_PUBLIC_KEY: 'certificate database configuration',
  CONFIG_DRM: 'DRM configuration parameter(s) change',
  SELFTESTS_EXECUTION: 'self tests execution (see selftests.log for details)',
  AUDIT_LOG_DELETE: 'signedAudit log deletion',
  LOG_PATH_CHANGE: 'log path change attempt',
  PRIVATE_KEY_ARCHIVE: 'security data archival request made',
  PRIVATE_KEY_ARCHIVE_PROCESSED: 'security data archival request processed',
  KEY_RECOVERY_REQUEST: 'key recovery request made',
  KEY_RECOVERY_AGENT_LOGIN: 'key recovery agent login',
  KEY_RECOVERY_PROCESSED: 'security data recovery request processed',
  KEY_GEN_ASYMMETRIC: 'asymmetric key generation',
  NON_PROFILE_CERT_REQUEST: 'certificate request made without certificate profiles',
  PROFILE_CERT_REQUEST: 'certificate request made with certificate profiles',
  CERT_REQUEST_PROCESSED: 'certificate request processed',
  CERT_STATUS_CHANGE_REQUEST: 'certificate revocation/unrevocation request made',
  CERT_STATUS_CHANGE_REQUEST_PROCESSED: 'certificate status change request processed',
  AUTHZ: { success: 'authorization success', failure: 'authorization failure' },
  INTER_BOUNDARY: 'inter-CS boundary communication (data exchange) success',
  AUTH: { success: 'authentication success', failure: 'authentication failure' },
  CERT_PROFILE_APPROVAL: 'certificate profile approval',
  PROOF_OF_POSSESSION: 'proof of possession',
  CRL_RETRIEVAL: 'CRL retrieval',
  CRL_VALIDATION: 'CRL validation',
  CMC_SIGNED_REQUEST_SIG_VERIFY: 'agent signed CMC request signature verification',
  AUDIT_LOG_SIGNING: 'signature of audit buffer just flushed: sig: ',
  ACCESS_SESSION_ESTABLISH: {
    success: 'access session establish success',
    failure: 'access session establish failure',
  },
  ACCESS_SESSION_TERMINATED: 'access session terminated',
  CERT_SIGNING_INFO: 'certificate signing info',
  CLIENT_ACCESS_SESSION_ESTABLISH: {
    success: 'access session establish successfully when Certificate System acts as client',
    failure: 'access session failed to establish when Certificate System acts as client',
  },
  CLIENT_ACCESS_SESSION_TERMINATED: 'access session terminated when Certificate System acts as client',
  CMC_REQUEST_RECEIVED: 'CMC request received',
  CMC_RESPONSE_SENT: 'CMC response sent',
  CMC_USER_SIGNED_REQUEST_SIG_VERIFY: {
    success: 'User signed CMC request signature verification success',
    failure: 'User signed CMC request signature verification failure',
  },
  CONFIG_SERIAL_NUMBER: 'serial number range update',
  CRL_SIGNING_INFO: 'CRL signing info',
  DELTA_CRL_GENERATION: 'Delta CRL generation',
  FULL_CRL_GENERATION: 'Full CRL generation',
  OCSP_ADD_CA_REQUEST_PROCESSED: 'Add CA for OCSP Responder',
  OCSP_GENERATION: 'OCSP response generation',
  OCSP_REMOVE_CA_REQUEST_PROCESSED: {
    success: 'Remove CA for OCSP Responder is successful',
    failure: 'Remove CA for OCSP Responder has failed',
  },
  OCSP_SIGNING_INFO: 'OCSP signing info',
  SECURITY_DOMAIN_UPDATE: 'security domain update',
  SERVER_SIDE_KEYGEN_ENROLL_KEYGEN_REQUEST: 'Server-Side Keygen enrollment keygen request made',
  SERVER_SIDE_KEYGEN_ENROLL_KEYGEN_REQUEST_PROCESSED:
    'Server-Side Keygen enrollment keygen request processed',
  SERVER_SIDE_KEYGEN_ENROLL_KEY_RETRIEVAL_REQUEST: 'Server-Side Keygen enrollment retrieval request made',
  SERVER_SIDE_KEYGEN_ENROLL_KEY_RETRIEVAL_REQUEST_PROCESSED:
    'Server-Side Keygen enrollment retrieval request processed',
  ASYMKEY_GENERATION_REQUEST: 'Asymkey generation request made',
  ASYMKEY_GENERATION_REQUEST_PROCESSED: 'Asymkey generation request processed',
  AUTHORITY_CONFIG: 'lightweight authority configuration change',
  CONFIG_TOKEN_AUTHENTICATOR: 'token authenticator configuration parameter(s) change',
  CONFIG_TOKEN_CONNECTOR: 'token connector configuration parameter(s) change',
  CONFIG_TOKEN_MAPPING_RESOLVER: 'token mapping resolver configuration parameter(s) change',
  CONFIG_TOKEN_RECORD: 'token record configuration parameter(s) change',
  RANDOM_GENERATION: 'Random number generation',
  SCHEDULE_CRL_GENERATION: 'schedule for CRL generation',
  SECURITY_DATA_RECOVERY_REQUEST: 'security data recovery request made',
  SERVER_SIDE_KEYGEN_REQUEST: 'server-side key generation request',
  SERVER_SIDE_KEYGEN_REQUEST_PROCESSED: 'server-side key generation request processed',
  SYMKEY_GENERATION_REQUEST: 'symkey generation request made',
  SYMKEY_GENERATION_REQUEST_PROCESSED: 'symkey generation request processed',
  TOKEN_APPLET_UPGRADE: { success: 'token applet upgrade success', failure: 'token applet upgrade failure' },
  TOKEN_KEY_CHANGEOVER: { success: 'token key changeover success', failure: 'token key changeover failure' },
  TOKEN_KEY_CHANGEOVER_REQUIRED: 'token key changeover required',
  TOKEN_KEY_SANITY_CHECK: {
    success: 'token key sanity check success',
    failure: 'token key sanity check failure',
  },
  CIMC_CERT_VERIFICATION: 'CS certificate verification',
  CMC_ID_POP_LINK_WITNESS: 'Identification Proof of Possession linking witness verification',
  CMC_PROOF_OF_IDENTIFICATION: 'proof of identification in CMC request',
  COMPUTE_RANDOM_DATA_REQUEST: 'TKS Compute random data request',
  COMPUTE_RANDOM_DATA_REQUEST_PROCESSED: {
    success: 'TKS Compute random data request processed successfully',
    failure: 'TKS Compute random data request failed',
  },
  COMPUTE_SESSION_KEY_REQUEST: 'TKS Compute session key request',
  COMPUTE_SESSION_KEY_REQUEST_PROCESSED: {
    success: 'TKS Compute session key request processed successfully',
    failure: 'TKS Compute session key request failed',
  },
  CONFIG_CERT_POLICY: 'certificate policy constraint or extension configuration parameter(s) change',
  CONFIG_TOKEN_GENERAL: 'TPS token configuration parameter(s) change',
  CONFIG_TOKEN_PROFILE: 'token profile configuration parameter(s) change',
  DELTA_CRL_PUBLISHING: 'Delta CRL publishing',
  DIVERSIFY_KEY_REQUEST: 'TKS Key Change Over request',
  DIVERSIFY_KEY_REQUEST_PROCESSED: {
    success: 'TKS Key Change Over request processed successfully',
    failure: 'TKS Key Change Over request failed',
  },
  ENCRYPT_DATA_REQUEST: 'TKS encrypt data request',
  ENCRYPT_DATA_REQUEST_PROCESSED: {
    success: 'TKS encrypt data request processed successfully',
    failure: 'TKS encrypt data request failed',
  },
  FULL_CRL_PUBLISHING: 'Full CRL publishing',
  KEY_STATUS_CHANGE: 'Key Status Change',
  OCSP_ADD_CA_REQUEST: 'request to add a CA for OCSP Responder',
  OCSP_REMOVE_CA_REQUEST: 'request to remove a CA from OCSP Responder',
  SECURITY_DATA_EXPORT_KEY: 'security data retrieval request',
  SECURITY_DATA_INFO: 'security data info request',
  TOKEN_AUTH: { success: 'token authentication success', failure: 'token authentication failure' },
  TOKEN_CERT_ENROLLMENT: 'token certificate enrollment request made',
  TOKEN_CERT_RENEWAL: 'token certificate renewal request made',
  TOKEN_CERT_RETRIEVAL: 'token certificate retrieval request made',
  TOKEN_CERT_STATUS_CHANGE_REQUEST: 'token certificate revocation/unrevocation request made',
  TOKEN_FORMAT: { success: 'token op format success', failure: 'token op format failure' },
  TOKEN_KEY_RECOVERY: 'token certificate/key recovery request made',
  TOKEN_OP_REQUEST: 'token processor op request made',
  TOKEN_PIN_RESET: { success: 'token op pin reset success', failure: 'token op pin reset failure' },
  TOKEN_STATE_CHANGE: 'token state changed',
  SECURITY_DATA_RECOVERY_REQUEST_STATE_CHANGE: 'security data recovery request state change',
};

/** Ends the words of the event that carries the log's own signature; the signature follows. */
export const SIGNATURE = 'sig: ';

/** Failures of these tell subject and outcome first, unlike their successes, whose order the catalog has. */
const SUBJECT_FIRST: ReadonlySet<string> = new Set(['TOKEN_APPLET_UPGRADE', 'TOKEN_KEY_CHANGEOVER']);

/** The words for an event, none for one that is not known. An outcome not told has the words of success. */
export function textOf(info: EventInfo | null, outcome: Outcome): string {
  if (info === null || !Object.hasOwn(TEXTS, info.event)) return '';
  const text = TEXTS[info.event]!;
  if (typeof text === 'string') return text;
  return outcome === 'failure' ? text.failure : text.success;
}

/** Names of an event's fields in the order of its line. */
export function orderOf(info: EventInfo | null, outcome: Outcome): readonly string[] {
  const head = ['SubjectID', 'Outcome'];
  if (info === null) return head;
  const names = info.fields.filter(({ pattern }) => !pattern).map(({ name }) => name);
  if (outcome !== 'failure' || !SUBJECT_FIRST.has(info.event)) return names;
  return [...head, ...names.filter((name) => !head.includes(name))];
}
