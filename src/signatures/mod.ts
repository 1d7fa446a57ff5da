export { type CertificateFile, Certificates } from './certificates.ts';
export {
  SignatureCheck,
  type SignatureFinding,
  type SignatureReport,
  type SignatureVerdict,
  type SignedRecord,
} from './check.ts';
