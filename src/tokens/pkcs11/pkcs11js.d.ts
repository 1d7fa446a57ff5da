// The package is compiled when it is installed, and not there where it could not be: its types are not counted on.
declare module 'pkcs11js' {
  const pkcs11js: unknown;
  export default pkcs11js;
}
