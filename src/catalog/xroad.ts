import { defineCatalog } from './define.ts';
import { event, field, list } from './table.ts';

/** Fields that come together. */
const TOKEN = 'tokenId tokenSerialNumber? tokenFriendlyName';
const KEY = `${TOKEN} keyId keyFriendlyName keyUsage`;
const ORPHAN = 'tokenId? tokenSerialNumber? tokenFriendlyName? keyId? keyFriendlyName? keyUsage?';
const CERT = 'certHash certHashAlgorithm';
const SERVER = 'serverCode ownerClass ownerCode';
const ANCHOR = 'anchorFileHash anchorFileHashAlgorithm';
const CA_CERT = 'caCertHash? caCertHashAlgorithm? certHash? certHashAlgorithm?';
const ACME = 'acmeDirectoryUrl? acmeIpAddresses? authCertProfileId? signCertProfileId?';
const CA = `caId ${CA_CERT} authenticationOnly certificateProfileInfo defaultCsrFormat? ${ACME}`;
const DESCRIPTION = 'clientIdentifier url serviceType';
const SERVICES = 'services services[].id services[].url services[].timeout services[].tlsAuth?';
const ACME_ORDER = 'subjectName subjectAltName? clientIdentifier? certHash? certHashAlgorithm?';
const CSR = 'clientIdentifier? subjectName certificationServiceName csrFormat isAcmeOrder? subjectAltName?';

/** Names that only a failure shows: the request ended before the program knew what it was about. */
const PROVISIONAL = { versions: '7.3+' };

const GROUP_MADE = { class: 3006, activity: 6 };
const GROUP_DELETED = { class: 3006, activity: 5 };
const JOINED = { class: 3006, activity: 3 };
const LEFT = { class: 3006, activity: 4 };
const GRANTED = { class: 3007, activity: 14 };
const WITHDRAWN = { class: 3007, activity: 15 };

/**
 * Events by component, with the fields that the specification of audit log events (SPEC-AL 1.12) lists, those
 * of later releases, and those of older ones (SPEC-AL 1.7). Fields come in the order in which releases write
 * them, where that is known. On failure every field may be missing, and the name ends in ` failed`.
 */
export const xroad = defineCatalog({
  system: 'xroad',
  about: 'X-Road: audit logs of Central Server, Security Server and signer-console.',
  partIn: 'component',
  textual: false,
  fields: {
    acmeDirectoryUrl: field('url', 'Where the ACME directory of a certification service is.'),
    acmeIpAddresses: field('text', 'Addresses from which the ACME server of a certification service calls.'),
    address: field('text', 'Host name or address of a security server.'),
    anchorFileHash: field('hash', 'Digest of a configuration anchor, SHA-224.'),
    anchorFileHashAlgorithm: field('any', 'Algorithm of anchorFileHash.'),
    anchorUrls: list('url', 'Where the configuration that the anchor belongs to is downloaded.'),
    apiKeyId: field('integer', 'Number of an API key.'),
    apiKeyRoles: list('enum', 'Roles of an API key: XROAD_SECURITY_OFFICER and its like.'),
    authCertProfileId: field(
      'text',
      'Profile that the ACME server is asked for authentication certificates by.',
    ),
    authenticationOnly: field(
      'boolean',
      'The certification service issues authentication certificates only.',
    ),
    backupFileName: field('path', 'File of a backup, with its absolute path.'),
    caCertHash: field('hash', 'Digest of a CA certificate; releases write certHash.'),
    caCertHashAlgorithm: field('any', 'Algorithm of caCertHash; releases write certHashAlgorithm.'),
    caId: field('any', 'Id of a certification service: a text where it is added or edited, else a number.'),
    centralServerAddress: field('text', 'Host name or address of the central server.'),
    certFileName: field('text', 'Name of the file a certificate came in.'),
    certHash: field('hash', 'Digest of a certificate, SHA-256.'),
    certHashAlgorithm: field(
      'any',
      'Algorithm of certHash or certHashes: its name, since 7.6 an object of name and uri.',
    ),
    certHashes: list('hash', 'Digests of certificates.'),
    certId: field('text', 'Id of a certificate within the signer, in hex digits.'),
    certRequestId: field('text', 'Id of a certificate request.'),
    certRequestIds: list('text', 'Ids of certificate requests.'),
    certStatus: field(
      'enum',
      'State of a certificate afterwards: saved, registered, deletion in progress and others.',
    ),
    certificateProfileInfo: field('text', 'Java class that reads and fills the subject names of this CA.'),
    certificationServiceName: field('text', 'Name of the certification service that a request is made for.'),
    clientIdentfier: field('member', 'clientIdentifier, as the specification misspells it.'),
    clientIdentifier: field('member', 'A client of the security server: member or subsystem.'),
    clientStatus: field(
      'enum',
      'State of a client afterwards: saved, registered, registration in progress and others.',
    ),
    code: field('text', 'Code of a global group or member class.'),
    contentIdentifier: field('text', 'What the configuration part is: PRIVATE-PARAMETERS, MONITORING.'),
    csrFormat: field('enum', 'Form of the request file: PEM or DER.'),
    csrId: field('text', 'Id of a certificate request.'),
    defaultCsrFormat: field('enum', 'Form of request files unless chosen otherwise: PEM or DER.'),
    description: field('text', 'Text for people about a global group or member class.'),
    disabled: field('boolean', 'The service description was added switched off.'),
    disabledNotice: field('text', 'What callers of the disabled services are told.'),
    generatedAt: field('time', 'When the anchor was made.'),
    groupCode: field('text', 'Code of a group.'),
    groupDescription: field('text', 'Text for people about a local group.'),
    haNode: field('text', 'Name of the node, in a cluster of central servers.'),
    instanceIdentifier: field('text', 'Name of an X-Road instance.'),
    intermediateCaCertHash: field('hash', 'Digest of the certificate of an intermediate CA.'),
    intermediateCaCertHashAlgorithm: field('any', 'Algorithm of intermediateCaCertHash.'),
    intermediateCaId: field('any', 'Id of an intermediate CA: a number or text.'),
    isAcmeOrder: field('boolean', 'The certificate is ordered through ACME.'),
    isAuthentication: field(
      'enum',
      'How information systems connect to the client: HTTP, HTTPS, HTTPS NO AUTH.',
    ),
    keyFriendlyName: field('text', 'Name of a key for people.'),
    keyId: field('text', 'Id of a key within the signer, in hex digits.'),
    keyLabel: field('text', 'Label of a key within its token.'),
    keyUsage: field('enum', 'What a key is for: SIGNING or AUTHENTICATION; null before its first request.'),
    locale: field('text', 'Language of the user interface.'),
    managementRequestId: field('integer', 'Number of the request that was sent to the central server.'),
    memberClass: field('text', 'Class of a member, such as COM or GOV.'),
    memberCode: field('text', 'Code of a member within its class.'),
    memberIdentifiers: list('member', 'Members or subsystems.'),
    memberName: field('text', 'Name of a member.'),
    memberSubsystemCode: field('text', 'Code of a subsystem within its member.'),
    memberSubsystemName: field('text', 'Name of a subsystem.'),
    message: field('text', 'What callers are told while the server is in maintenance.'),
    ocspCertHash: field('hash', 'Digest of the certificate of an OCSP responder.'),
    ocspCertHashAlgorithm: field('any', 'Algorithm of ocspCertHash.'),
    ocspCostType: field('enum', 'Whether the OCSP responder costs: FREE, PAID, UNDEFINED.'),
    ocspId: field('any', 'Id of an OCSP responder: a number or text.'),
    ocspUrl: field('url', 'Where an OCSP responder is.'),
    ownerClass: field('text', 'Member class of the owner of a security server.'),
    ownerCode: field('text', 'Member code of the owner of a security server.'),
    ownerIdentifier: field('member', 'The member that owns the security server.'),
    partFileName: field('text', 'Name of a configuration part within the system.'),
    providerIdentifier: field('member', 'The subsystem that provides a service.'),
    refreshedDate: field('time', 'When the service description was last read from its URL.'),
    requestId: field(
      'integer',
      'Number of a management request; releases since 7.3 name it in the path of the call only.',
    ),
    serverCode: field('text', 'Code of a security server within its owner.'),
    serviceCode: field('text', 'Code of a service.'),
    serviceCodes: list('text', 'Codes of services.'),
    serviceProviderIdentifier: field('member', 'Who provides the management services.'),
    serviceProviderName: field('text', 'Name of the provider of the management services.'),
    serviceType: field('enum', 'What describes the service: WSDL, REST or OPENAPI3.'),
    services: list('object', 'Services that were changed.'),
    'services[].id': field('text', 'Id of the service.'),
    'services[].timeout': field('integer', 'Seconds that are waited for its answer.'),
    'services[].tlsAuth': field('boolean', 'The certificate of its server is checked.'),
    'services[].url': field('url', 'Where the service is.'),
    servicesAdded: list('text', 'wsdl.servicesAdded, as the specification prints it.'),
    servicesDeleted: list('text', 'wsdl.servicesDeleted, as the specification prints it.'),
    signCertProfileId: field('text', 'Profile that the ACME server is asked for signing certificates by.'),
    sourceType: field('enum', 'INTERNAL or EXTERNAL configuration.'),
    subjectAltName: field('text', 'Alternative name in a certificate request.'),
    subjectId: field('member', 'Who was given or denied access: a subsystem or a group.'),
    subjectIds: list('member', 'Who were given or denied access: subsystems and groups.'),
    subjectName: field('dn', 'Subject of a certificate request.'),
    targetServiceCode: field('text', 'Code of the service that a central service stands for.'),
    targetServiceVersion: field('text', 'Version of the service that a central service stands for.'),
    tokenFriendlyName: field('text', 'Name of a token for people.'),
    tokenId: field('text', 'Id of a token; 0 is the software token.'),
    tokenSerialNumber: field('text', 'Serial number of a token; null for the software token.'),
    tsaCertHash: field('hash', 'Digest of the certificate of a time-stamping service.'),
    tsaCertHashAlgorithm: field('any', 'Algorithm of tsaCertHash.'),
    tsaCostType: field('enum', 'Whether the time-stamping service costs: FREE, PAID, UNDEFINED.'),
    tsaId: field('any', 'Id of a time-stamping service: a number or text.'),
    tsaName: field('text', 'Name of a time-stamping service.'),
    tsaUrl: field('url', 'Where a time-stamping service is.'),
    tspCostType: field('enum', 'Whether the time-stamping service costs: FREE, PAID, UNDEFINED.'),
    tspName: field('text', 'Name of a time-stamping service.'),
    tspUrl: field('url', 'Where a time-stamping service is.'),
    uploadFileHash: field('hash', 'Digest of a file that was uploaded, SHA-224.'),
    uploadFileHashAlgorithm: field('any', 'Algorithm of uploadFileHash.'),
    uploadFileName: field('text', 'Name of a file as it was uploaded.'),
    url: field('url', 'Where a service description is.'),
    urlNew: field('url', 'Where the service description is from now on.'),
    wsdl: field('object', 'What a WSDL changed; told for that type only.'),
    'wsdl.servicesAdded': list('text', 'Services that the WSDL now has and had not.'),
    'wsdl.servicesDeleted': list('text', 'Services that the WSDL had and has no longer.'),
    'wsdl.wsdlUrl': field('url', 'Where the WSDL was.'),
    'wsdl.wsdlUrlNew': field('url', 'Where the WSDL is from now on.'),
    wsdlUrl: field('url', 'Where a WSDL is.'),
    wsdlUrls: list('url', 'Where the WSDLs are.'),
    wsdls: list('object', 'WSDLs that were read again.'),
    'wsdls[].servicesAdded': list('text', 'Services that it now has and had not.'),
    'wsdls[].servicesDeleted': list('text', 'Services that it had and has no longer.'),
    'wsdls[].wsdlUrl': field('url', 'Where it is.'),
  },
  parts: {
    'central-server': {
      'Log in user': event('log-in', '', 'A user logged in to the user interface.'),
      'Log out user': event('log-out', '', 'A user logged out of the user interface.'),
      'Set UI language': event('update', 'locale', 'A user chose the language of the user interface.', {
        versions: '-7.2',
      }),

      'Initialize Central Server': event(
        'set-up',
        'centralServerAddress instanceIdentifier haNode?',
        'The central server of an instance was set up.',
      ),

      'Add member': event('add', 'memberName memberClass memberCode', 'A member was entered.'),
      'Edit member name': event(
        'update',
        'memberName memberClass memberCode',
        'A member was given another name.',
        {
          means: { memberName: 'The new name.' },
        },
      ),
      'Delete member': event('delete', 'memberClass memberCode', 'A member was removed.'),
      'Add subsystem': event(
        'add',
        'memberClass memberCode memberSubsystemCode memberSubsystemName?',
        'A subsystem of a member was entered.',
      ),
      'Delete subsystem': event(
        'delete',
        'memberClass memberCode memberSubsystemCode',
        'A subsystem of a member was removed.',
      ),
      'Edit subsystem': event(
        'update',
        'memberSubsystemName memberSubsystemCode memberClass memberCode',
        'A subsystem was given another name.',
        {
          means: {
            memberSubsystemName: 'The new name.',
            memberSubsystemCode: 'The new name once more: releases write it here by mistake.',
          },
          versions: '7.7+',
        },
      ),
      'Register member as security server client': event(
        'register',
        `${SERVER} clientIdentifier`,
        'A member became a client of a security server.',
        { versions: '-7.2' },
      ),
      'Unregister member as security server client': event(
        'unregister',
        `${SERVER} clientIdentifier`,
        'A member ceased to be a client of a security server.',
      ),
      'Unregister subsystem as security server client': event(
        'unregister',
        `${SERVER} clientIdentifier`,
        'A subsystem ceased to be a client of a security server.',
        { versions: '7.3+' },
      ),

      'Add security server': event('add', `${SERVER} ${CERT}`, 'A security server was entered.', {
        means: { certHash: 'Digest of its authentication certificate.' },
        versions: '-7.2',
      }),
      'Edit security server address': event(
        'update',
        `${SERVER} address`,
        'The address of a security server was changed.',
        { means: { address: 'The new address.' } },
      ),
      'Delete security server': event('delete', SERVER, 'A security server was removed.'),
      'Add authentication certificate for security server': event(
        'add',
        `${SERVER} ${CERT}`,
        'A security server was given an authentication certificate.',
        { versions: '-7.2' },
      ),
      'Delete authentication certificate of security server': event(
        'delete',
        `${SERVER} ${CERT}`,
        'An authentication certificate of a security server was removed.',
      ),

      'Add global group': event(
        'add',
        'code description',
        'A group that holds in all the instance was made.',
        {
          ocsf: GROUP_MADE,
        },
      ),
      'Edit global group description': event(
        'update',
        'code description',
        'The description of a global group was changed.',
        { means: { description: 'The new description.' } },
      ),
      'Delete global group': event('delete', 'code description', 'A global group was removed.', {
        ocsf: GROUP_DELETED,
      }),
      'Add members to global group': event(
        'add',
        'code description memberIdentifiers',
        'Members or subsystems joined a global group.',
        { means: { memberIdentifiers: 'Those who joined.' }, ocsf: JOINED },
      ),
      'Remove members from global group': event(
        'delete',
        'code description memberIdentifiers',
        'Members or subsystems were taken out of a global group.',
        { means: { memberIdentifiers: 'Those who were taken out.' }, ocsf: LEFT },
      ),
      'Add member to global group': event(
        'add',
        'groupCode memberClass memberCode memberSubsystemCode?',
        'A member or subsystem joined a global group.',
        { ocsf: JOINED, versions: '-7.2' },
      ),
      'Remove member from global group': event(
        'delete',
        'groupCode memberClass memberCode memberSubsystemCode?',
        'A member or subsystem was taken out of a global group.',
        { ocsf: LEFT, versions: '-7.2' },
      ),

      'Add central service': event(
        'add',
        'serviceCode targetServiceCode targetServiceVersion? providerIdentifier',
        'A name for a service, the same in all the instance, was made.',
        { versions: '-7.2' },
      ),
      'Edit central service': event(
        'update',
        'serviceCode targetServiceCode targetServiceVersion? providerIdentifier',
        'A central service was pointed to another service.',
        { versions: '-7.2' },
      ),
      'Delete central service': event('delete', 'serviceCode', 'A central service was removed.', {
        versions: '-7.2',
      }),

      'Add certification service': event('add', CA, 'A CA was approved to issue certificates for members.', {
        means: { certHash: 'Digest of the CA certificate.' },
      }),
      'Edit certification service settings': event('update', CA, 'Settings of an approved CA were changed.', {
        means: { certHash: 'Digest of the CA certificate.' },
      }),
      'Delete certification service': event('delete', 'caId', 'An approved CA was removed.'),
      'Add intermediate CA': event(
        'add',
        'caId intermediateCaId intermediateCaCertHash intermediateCaCertHashAlgorithm',
        'An approved CA was given an intermediate CA.',
      ),
      'Delete intermediate CA': event('delete', 'intermediateCaId', 'An intermediate CA was removed.'),
      'Add OCSP responder of certification service': event(
        'add',
        'caId ocspId ocspUrl ocspCertHash? ocspCertHashAlgorithm? ocspCostType?',
        'An approved CA was given an OCSP responder.',
      ),
      'Add OCSP responder of intermediate CA': event(
        'add',
        'intermediateCaId ocspId ocspUrl ocspCertHash? ocspCertHashAlgorithm? ocspCostType?',
        'An intermediate CA was given an OCSP responder.',
      ),
      'Edit OCSP responder': event(
        'update',
        'ocspId ocspUrl ocspCertHash? ocspCertHashAlgorithm? ocspCostType?',
        'An OCSP responder was changed.',
        {
          means: {
            ocspUrl: 'The URL, changed or not.',
            ocspCertHash: 'Digest of its certificate, if it has one.',
          },
        },
      ),
      'Delete OCSP responder': event('delete', 'ocspId', 'An OCSP responder was removed.'),

      'Add timestamping service': event(
        'add',
        'tsaId tsaName tsaUrl tsaCertHash tsaCertHashAlgorithm tsaCostType?',
        'A time-stamping service was approved.',
      ),
      'Edit timestamping service': event(
        'update',
        'tsaId tsaName tsaUrl tsaCertHash tsaCertHashAlgorithm tsaCostType?',
        'An approved time-stamping service was changed.',
        { means: { tsaName: 'The name, changed or not.', tsaUrl: 'The URL, changed or not.' } },
      ),
      'Delete timestamping service': event(
        'delete',
        'tsaId tsaName tsaUrl',
        'An approved time-stamping service was removed.',
      ),

      'Add management request': event(
        'request',
        'requestId? memberName? memberClass? memberCode?',
        'A request to change the registry came in or was made.',
        { means: { memberCode: 'Code of a member that was entered along with it.' } },
      ),
      'Revoke management request': event(
        'reject',
        'requestId?',
        'A request was taken back by whoever made it.',
        {
          aliases: [
            'Revoke client registration request',
            'Revoke authentication certificate registration request',
          ],
        },
      ),
      'Approve management request': event(
        'approve',
        'requestId? memberName? memberClass? memberCode?',
        'A request was approved, and the registry changed.',
        {
          aliases: ['Approve registration request'],
          means: { memberCode: 'Code of a member that was entered along with it.' },
        },
      ),
      'Decline management request': event('reject', 'requestId?', 'A request was turned down.', {
        aliases: ['Decline registration request'],
      }),

      'Re-create configuration anchor': event(
        'generate',
        '',
        'A configuration anchor should be made anew; written only when that failed.',
        PROVISIONAL,
      ),
      'Re-create internal configuration anchor': event(
        'generate',
        ANCHOR,
        'The anchor of the configuration for the own instance was made anew.',
      ),
      'Re-create external configuration anchor': event(
        'generate',
        ANCHOR,
        'The anchor of the configuration for other instances was made anew.',
      ),
      'Generate key': event(
        'generate',
        '',
        'A configuration signing key should be generated; written only when that failed.',
        PROVISIONAL,
      ),
      'Generate internal configuration signing key': event(
        'generate',
        `${TOKEN} keyId keyFriendlyName ${CERT}`,
        'A key that signs the configuration for the own instance was generated.',
        { means: { certHash: 'Digest of the certificate made for the key.' } },
      ),
      'Generate external configuration signing key': event(
        'generate',
        `${TOKEN} keyId keyFriendlyName ${CERT}`,
        'A key that signs the configuration for other instances was generated.',
        { means: { certHash: 'Digest of the certificate made for the key.' } },
      ),
      'Activate signing key': event(
        'select',
        '',
        'A configuration signing key should be taken into use; written only when that failed.',
        PROVISIONAL,
      ),
      'Activate internal configuration signing key': event(
        'select',
        `${TOKEN} keyId`,
        'Another key signs the configuration for the own instance from now on.',
      ),
      'Activate external configuration signing key': event(
        'select',
        `${TOKEN} keyId`,
        'Another key signs the configuration for other instances from now on.',
      ),
      'Delete signing key': event(
        'delete',
        '',
        'A configuration signing key should be deleted; written only when that failed.',
        PROVISIONAL,
      ),
      'Delete internal configuration signing key': event(
        'delete',
        `${TOKEN} keyId`,
        'A key for the configuration of the own instance was deleted.',
      ),
      'Delete external configuration signing key': event(
        'delete',
        `${TOKEN} keyId`,
        'A key for the configuration of other instances was deleted.',
      ),
      'Add trusted anchor': event(
        'add',
        `${ANCHOR} instanceIdentifier generatedAt anchorUrls`,
        'Another instance came to be trusted.',
        { means: { instanceIdentifier: 'The instance that is trusted.' } },
      ),
      'Delete trusted anchor': event(
        'delete',
        `${ANCHOR} instanceIdentifier`,
        'Another instance ceased to be trusted.',
        { means: { instanceIdentifier: 'The instance that is trusted no longer.' } },
      ),
      'Log in to token': event('log-in', TOKEN, 'The PIN of a token was entered: its keys can be used.'),
      'Log out from token': event('log-out', TOKEN, 'A token was closed: its keys cannot be used.'),
      'Upload configuration part': event(
        'import',
        'sourceType contentIdentifier partFileName uploadFileName uploadFileHash uploadFileHashAlgorithm',
        'A part of the configuration was uploaded.',
      ),

      'Edit Central Server address': event(
        'update',
        'centralServerAddress',
        'The address of the central server was changed.',
        { means: { centralServerAddress: 'The new address.' } },
      ),
      'Register management service provider as Security Server client': event(
        'register',
        `${SERVER} clientIdentifier`,
        'The provider of the management services became a client of a security server.',
      ),
      'Edit provider of management services': event(
        'update',
        'serviceProviderIdentifier serviceProviderName',
        'Another subsystem provides the management services from now on.',
        { means: { serviceProviderIdentifier: 'The new provider.', serviceProviderName: 'Its name.' } },
      ),
      'Add member class': event('add', 'code description', 'A class of members was made.'),
      'Edit member class description': event(
        'update',
        'code description',
        'The description of a class of members was changed.',
        { means: { description: 'The new description.' } },
      ),
      'Delete member class': event('delete', 'code', 'A class of members was removed.'),
      'API key create': event('generate', 'apiKeyId apiKeyRoles', 'A key for calls to the API was made.'),
      'API key update': event('update', 'apiKeyId apiKeyRoles', 'An API key was given other roles.', {
        means: { apiKeyRoles: 'The new roles.' },
      }),
      'API key remove': event('delete', 'apiKeyId apiKeyRoles', 'An API key was revoked.'),
      'Generate management service TLS key and self-sign certificate': event(
        'generate',
        CERT,
        'The management services were given a new TLS key with a certificate signed by itself.',
      ),
      'Generate management service TLS certificate signing request': event(
        'generate-csr',
        'subjectName',
        'A certificate for the TLS key of the management services was requested.',
      ),
      'Upload management service TLS certificate': event(
        'import',
        `certFileName ${CERT}`,
        'The certificate for the TLS key of the management services was brought in.',
      ),

      'Back up configuration': event('back-up', 'backupFileName', 'A backup was made.'),
      'Upload backup file': event('import', 'backupFileName', 'A backup was uploaded.'),
      'Delete backup file': event('delete', 'backupFileName', 'A backup was deleted.'),
      'Restore configuration': event('restore', 'backupFileName', 'The server was set back to a backup.'),
    },

    'security-server': {
      'Log in user': event('log-in', '', 'A user logged in to the user interface.'),
      'Log out user': event('log-out', '', 'A user logged out of the user interface.'),

      'Initialize anchor': event(
        'set-up',
        `${ANCHOR} generatedAt`,
        'The server was told by an anchor which instance it belongs to.',
      ),
      'Initialize server configuration': event(
        'set-up',
        'ownerIdentifier serverCode',
        'The server was given its owner and its code.',
      ),

      'Add client': event('add', 'clientIdentifier isAuthentication clientStatus', 'A client was added.'),
      'Register client': event(
        'register',
        'clientIdentifier memberSubsystemName? clientStatus? managementRequestId?',
        'Registration of a client was asked of the central server.',
      ),
      'Unregister client': event(
        'unregister',
        'clientIdentifier clientStatus managementRequestId',
        'The registration of a client was withdrawn.',
      ),
      'Disable client': event(
        'suspend',
        'clientIdentifier clientStatus managementRequestId',
        'A client was switched off.',
        { versions: '7.4+' },
      ),
      'Enable client': event(
        'unsuspend',
        'clientIdentifier clientStatus managementRequestId',
        'A client was switched on again.',
        { versions: '7.4+' },
      ),
      'Rename subsystem': event(
        'update',
        'clientIdentifier memberSubsystemName managementRequestId?',
        'A subsystem was given another name.',
        {
          means: {
            memberSubsystemName: 'The new name.',
            managementRequestId: 'Number of the request, where the subsystem is registered already.',
          },
          versions: '7.7+',
        },
      ),
      'Delete client': event('delete', 'clientIdentifier', 'A client was removed.'),
      'Delete orphaned client keys, certs and certificates': event(
        'delete',
        `${ORPHAN} clientIdentifier certHashes? certHashAlgorithm? certRequestIds?`,
        'Keys, certificates and requests that a removed client left behind were deleted.',
        { means: { clientIdentifier: 'The client they belonged to.' } },
      ),
      'Delete client certificates': event(
        'delete',
        'clientIdentifier certHashes certHashAlgorithm certRequestIds',
        'Certificates and requests of a client were deleted.',
        { versions: '-7.2' },
      ),
      'Change owner': event(
        'update',
        'clientIdentifier clientStatus managementRequestId',
        'Another member was proposed as owner of the server.',
        { means: { clientIdentifier: 'The member that is to own it.' } },
      ),

      'Add service description': event(
        'add',
        `${DESCRIPTION} disabled refreshedDate`,
        'Services of a client were added by the URL of their description.',
      ),
      'Delete service description': event('delete', DESCRIPTION, 'Services of a client were removed.'),
      'Disable service description': event(
        'suspend',
        `${DESCRIPTION} disabledNotice`,
        'Services of a client were switched off.',
      ),
      'Enable service description': event(
        'unsuspend',
        DESCRIPTION,
        'Services of a client were switched on again.',
      ),
      'Refresh service description': event(
        'refresh',
        `${DESCRIPTION} urlNew? wsdl? wsdl.servicesAdded? wsdl.servicesDeleted? servicesAdded? servicesDeleted?`,
        'A service description was read again from its URL.',
      ),
      'Edit service description': event(
        'update',
        'clientIdentifier wsdl? wsdl.servicesAdded? wsdl.servicesDeleted? url serviceType urlNew?',
        'Services of a client are described at another URL from now on.',
        { means: { url: 'Where the service description was.' } },
      ),
      'Add WSDL': event(
        'add',
        'clientIdentifier wsdlUrl disabled refreshedDate',
        'Services of a client were added by the URL of their WSDL.',
        { versions: '-6.23' },
      ),
      'Delete WSDL': event('delete', 'clientIdentifier wsdlUrls', 'Services of a client were removed.', {
        versions: '-6.23',
      }),
      'Disable WSDL': event(
        'suspend',
        'clientIdentifier wsdlUrls disabledNotice',
        'Services of a client were switched off.',
        { versions: '-6.23' },
      ),
      'Enable WSDL': event(
        'unsuspend',
        'clientIdentifier wsdlUrls',
        'Services of a client were switched on again.',
        { versions: '-6.23' },
      ),
      'Refresh WSDL': event(
        'refresh',
        'clientIdentifier wsdls wsdls[].wsdlUrl wsdls[].servicesAdded wsdls[].servicesDeleted',
        'WSDLs of a client were read again from their URLs.',
        { versions: '-6.23' },
      ),
      'Edit WSDL': event(
        'update',
        'clientIdentifier wsdl wsdl.wsdlUrl wsdl.wsdlUrlNew wsdl.servicesAdded wsdl.servicesDeleted',
        'Services of a client are described at another URL from now on.',
        { means: { wsdl: 'The WSDL and what it changed.' }, versions: '-6.23' },
      ),
      'Edit service parameters': event(
        'update',
        `clientIdentifier url? serviceType? wsdlUrl? ${SERVICES}`,
        'Address, time limit or TLS checks of services were changed.',
        { means: { wsdlUrl: 'Where the WSDL of the services is; written up to 6.23 in place of url.' } },
      ),
      'Add rest endpoint': event('add', '', 'A method and path of a REST service were added.', {
        versions: '6.24+',
      }),
      'Edit rest endpoint': event('update', '', 'A method and path of a REST service were changed.', {
        versions: '6.24+',
      }),
      'Delete rest endpoint': event('delete', '', 'A method and path of a REST service were removed.', {
        versions: '6.24+',
      }),
      'Add access rights to service': event(
        'add',
        'clientIdentifier serviceCode subjectIds',
        'Others were allowed to use a service.',
        { means: { clientIdentifier: 'Who provides the service.' }, ocsf: GRANTED },
      ),
      'Remove access rights from service': event(
        'delete',
        'clientIdentifier serviceCode subjectIds',
        'Others were denied the use of a service.',
        { means: { clientIdentifier: 'Who provides the service.' }, ocsf: WITHDRAWN },
      ),
      'Add access rights to subject': event(
        'add',
        'clientIdentifier subjectId serviceCodes',
        'Another subsystem or group was allowed to use services.',
        { means: { clientIdentifier: 'Who provides the services.' }, ocsf: GRANTED },
      ),
      'Remove access rights from subject': event(
        'delete',
        'clientIdentifier subjectId serviceCodes',
        'Another subsystem or group was denied the use of services.',
        { means: { clientIdentifier: 'Who provides the services.' }, ocsf: WITHDRAWN },
      ),
      'Set connection type for servers in service consumer role': event(
        'update',
        'clientIdentifier? clientIdentfier? isAuthentication',
        'It was set how the information systems of a client connect.',
        { means: { isAuthentication: 'The new way: HTTP, HTTPS, HTTPS NO AUTH.' } },
      ),
      'Add internal TLS certificate': event(
        'add',
        `clientIdentifier? clientIdentfier? ${CERT} uploadFileName?`,
        'A certificate of an information system of a client was added.',
      ),
      'Delete internal TLS certificate': event(
        'delete',
        `clientIdentifier? clientIdentfier? ${CERT}`,
        'A certificate of an information system of a client was removed.',
      ),
      'Add group': event(
        'add',
        'clientIdentifier groupCode groupDescription',
        'A group that holds for one client was made.',
        { ocsf: GROUP_MADE },
      ),
      'Edit group description': event(
        'update',
        'clientIdentifier groupCode groupDescription',
        'The description of a local group was changed.',
        { means: { groupDescription: 'The new description.' } },
      ),
      'Add members to group': event(
        'add',
        'clientIdentifier groupCode memberIdentifiers',
        'Subsystems joined a local group.',
        { means: { memberIdentifiers: 'Those who joined.' }, ocsf: JOINED },
      ),
      'Remove members from group': event(
        'delete',
        'clientIdentifier groupCode memberIdentifiers',
        'Subsystems were taken out of a local group.',
        { means: { memberIdentifiers: 'Those who were taken out.' }, ocsf: LEFT },
      ),
      'Delete group': event(
        'delete',
        'clientIdentifier groupCode groupDescription',
        'A local group was removed.',
        { ocsf: GROUP_DELETED },
      ),

      'Generate certificate request for TLS': event(
        'generate-csr',
        'subjectName',
        'A certificate for the internal TLS key of the server was requested.',
      ),
      'Import TLS certificate from file': event(
        'import',
        `certFileName? ${CERT}`,
        'The certificate for the internal TLS key of the server was brought in.',
      ),
      'Upload configuration anchor': event(
        'import',
        `${ANCHOR} generatedAt`,
        'Another anchor took the place of the one the server had.',
      ),
      'Add timestamping service': event(
        'add',
        'tspName tspUrl tspCostType?',
        'The server was set to use a time-stamping service.',
      ),
      'Delete timestamping service': event(
        'delete',
        'tspName tspUrl tspCostType?',
        'The server was set to use a time-stamping service no longer.',
      ),
      'Generate new internal TLS key and certificate': event(
        'generate',
        CERT,
        'The server was given a new internal TLS key with a certificate signed by itself.',
      ),
      'Edit security server address': event(
        'update',
        'address',
        'A change of the address of the server was asked of the central server.',
        { means: { address: 'The new address.' }, versions: '7.4+' },
      ),
      'Enable maintenance mode of the security server': event(
        'suspend',
        'message? managementRequestId',
        'The server was taken out of service for maintenance.',
        { versions: '7.7+' },
      ),
      'Disable maintenance mode of the security server': event(
        'unsuspend',
        'managementRequestId',
        'The server was put back into service after maintenance.',
        { versions: '7.7+' },
      ),

      'Log in to token': event('log-in', TOKEN, 'The PIN of a token was entered: its keys can be used.'),
      'Log out from token': event('log-out', TOKEN, 'A token was closed: its keys cannot be used.'),
      'Change token pin': event('update', TOKEN, 'A token was given another PIN.', { versions: '7.0+' }),
      'Delete token': event('delete', TOKEN, 'A token that is no longer there was forgotten.', {
        versions: '7.7+',
      }),
      'Set friendly name to token': event('update', TOKEN, 'A token was given another name.', {
        means: { tokenFriendlyName: 'The new name.' },
      }),
      'Generate key': event('generate', `${TOKEN} keyId keyLabel keyFriendlyName`, 'A key was generated.'),
      'Set friendly name to key': event('update', 'keyId keyFriendlyName', 'A key was given another name.', {
        means: { keyFriendlyName: 'The new name.' },
      }),
      'Delete key': event(
        'delete',
        `${TOKEN} keyId keyFriendlyName keyUsage?`,
        'A key should be deleted; written only when that failed at once.',
      ),
      'Delete key from token and configuration': event(
        'delete',
        KEY,
        'A key was deleted from its token, and its certificates and requests with it.',
      ),
      'Delete key from configuration': event('delete', KEY, 'A key was forgotten; its token still has it.', {
        versions: '-7.2',
      }),
      'Delete key from token': event('delete', KEY, 'A key was deleted from its token.', {
        versions: '-7.2',
      }),
      'Generate CSR': event('generate-csr', `${KEY} ${CSR}`, 'A certificate for a key was requested.', {
        means: { clientIdentifier: 'Whose certificate it will be; told for signing keys.' },
      }),
      'Delete CSR': event('delete', `${KEY} csrId`, 'A certificate request was deleted.'),
      'Generate key and CSR': event(
        'generate',
        `${TOKEN} keyId keyLabel keyFriendlyName keyUsage ${CSR}`,
        'A key was generated and a certificate for it requested.',
        { means: { clientIdentifier: 'Whose certificate it will be; told for signing keys.' } },
      ),
      'Acme order certificate': event(
        'request',
        `keyUsage certificationServiceName ${TOKEN} keyId keyFriendlyName ${ACME_ORDER}`,
        'A certificate was ordered through ACME.',
        { means: { certHash: 'Digest of the certificate, once it was issued.' }, versions: '7.5+' },
      ),
      'Import certificate from file': event(
        'import',
        `certFileName? ${CERT} keyUsage clientIdentifier?`,
        'A certificate for one of the keys was brought in as a file.',
        { means: { clientIdentifier: 'Whose certificate it is; told for signing certificates.' } },
      ),
      'Import certificate from token': event(
        'import',
        `${KEY} certId ${CERT} clientIdentifier?`,
        'A certificate that was on the token was taken over.',
        { means: { clientIdentifier: 'Whose certificate it is; told for signing certificates.' } },
      ),
      'Delete certificate': event(
        'delete',
        '',
        'A certificate should be deleted; written only when that failed at once.',
      ),
      'Delete certificate from configuration': event(
        'delete',
        `${KEY} certId ${CERT}`,
        'A certificate was deleted that only the server kept.',
      ),
      'Delete certificate from token': event(
        'delete',
        `${KEY} certId ${CERT}`,
        'A certificate was deleted from its token.',
        { aliases: ['Delete certificate from foken'] },
      ),
      'Enable certificate': event('unsuspend', `${KEY} certId ${CERT}`, 'A certificate was taken into use.'),
      'Disable certificate': event('suspend', `${KEY} certId ${CERT}`, 'A certificate was taken out of use.'),
      'Register authentication certificate': event(
        'register',
        `${TOKEN} keyId certId ${CERT} address managementRequestId certStatus`,
        'Registration of an authentication certificate was asked of the central server.',
        { means: { address: 'Address of this server, to be registered with it.' } },
      ),
      'Unregister authentication certificate': event(
        'unregister',
        `${TOKEN} keyId certId ${CERT} managementRequestId certStatus`,
        'The registration of an authentication certificate was withdrawn.',
      ),
      'Skip unregistration of authentication certificate': event(
        'unregister',
        `${TOKEN} keyId certId ${CERT} certStatus`,
        'An authentication certificate is treated as withdrawn, though the central server was not told.',
      ),

      'Back up configuration': event('back-up', 'backupFileName', 'A backup was made.'),
      'Upload backup file': event('import', 'backupFileName', 'A backup was uploaded.'),
      'Delete backup file': event('delete', 'backupFileName', 'A backup was deleted.'),
      'Restore configuration': event('restore', 'backupFileName', 'The server was set back to a backup.'),

      'API key create': event('generate', 'apiKeyId apiKeyRoles', 'A key for calls to the API was made.'),
      'API key update': event('update', 'apiKeyId apiKeyRoles', 'An API key was given other roles.', {
        means: { apiKeyRoles: 'The new roles.' },
      }),
      'API key remove': event('delete', 'apiKeyId apiKeyRoles', 'An API key was revoked.'),

      'Key management API log in': event('log-in', '', 'A user logged in to manage API keys.'),
      'API key authentication': event(
        'log-in',
        '',
        'A call came with an API key; written only when that failed.',
      ),
      'Auth credentials discovery': event(
        'log-in',
        '',
        'A call should tell who makes it; written only when it did not.',
      ),
      'Access check': event(
        'access',
        '',
        'A call that has no event of its own needs a permission; written only when it was denied.',
      ),
      Authentication: event(
        'log-in',
        '',
        'Somebody authenticated in another way; written only when that failed.',
      ),
    },

    'signer-console': {
      'Set a friendly name to the token': event(
        'update',
        'tokenId tokenFriendlyName',
        'A token was given another name.',
        { means: { tokenFriendlyName: 'The new name.' } },
      ),
      'Set a friendly name to the key': event(
        'update',
        'keyId keyFriendlyName',
        'A key was given another name.',
        {
          means: { keyFriendlyName: 'The new name.' },
        },
      ),
      'Activate the certificate': event('unsuspend', 'certId', 'A certificate was taken into use.'),
      'Deactivate the certificate': event('suspend', 'certId', 'A certificate was taken out of use.'),
      'Delete the key from token': event('delete', 'keyId', 'A key was deleted.'),
      'Delete the certificate': event('delete', 'certId', 'A certificate was deleted.'),
      'Delete the certificate request': event(
        'delete',
        'certRequestId',
        'A certificate request was deleted.',
      ),
      'Import a certificate from the file': event(
        'import',
        'certFileName clientIdentifier keyId?',
        'A certificate for one of the keys was brought in as a file.',
        {
          means: {
            clientIdentifier: 'Whose certificate it is, as the certificate says.',
            keyId: 'The key it belongs to.',
          },
        },
      ),
      'Log into the token': event(
        'log-in',
        'tokenId',
        'The PIN of a token was entered: its keys can be used.',
      ),
      'Logout from the token': event('log-out', 'tokenId', 'A token was closed: its keys cannot be used.', {
        versions: '-6.20',
      }),
      'Initialize the software token': event(
        'set-up',
        'tokenId?',
        'The software token was made and given a PIN.',
      ),
      'Update software token PIN': event('update', 'tokenId', 'The software token was given another PIN.', {
        versions: '7.0+',
      }),
      'Generate a key on the token': event('generate', 'tokenId keyId? keyLabel', 'A key was generated.'),
      'Generate CSR': event(
        'generate-csr',
        'keyId keyUsage clientIdentifier subjectName csrFormat',
        'A certificate for a key was requested.',
        { means: { clientIdentifier: 'Whose certificate it will be.' } },
      ),
    },
  },
  objects: [
    {
      kind: 'key',
      from: 'keyId',
      as: 'digest-or-alias',
      within: 'tokenId',
      name: ['keyFriendlyName', 'keyLabel'],
    },
    { kind: 'token', from: 'tokenId', as: 'alias', within: 'host', name: ['tokenFriendlyName'] },
    { kind: 'certificate', from: 'certHash', as: 'digest', name: ['certFileName'] },
    { kind: 'certificate', from: 'certHashes', as: 'digest' },
    { kind: 'certificate', from: 'certId', as: 'digest', unless: 'certHash' },
    { kind: 'certificate', from: 'caCertHash', as: 'digest' },
    { kind: 'certificate', from: 'intermediateCaCertHash', as: 'digest' },
    { kind: 'certificate', from: 'ocspCertHash', as: 'digest' },
    { kind: 'certificate', from: 'tsaCertHash', as: 'digest', name: ['tsaName'] },
    { kind: 'client', from: 'clientIdentifier', as: 'member' },
    { kind: 'client', from: 'clientIdentfier', as: 'member' },
    { kind: 'client', from: 'ownerIdentifier', as: 'member' },
    { kind: 'client', from: 'providerIdentifier', as: 'member' },
    { kind: 'client', from: 'serviceProviderIdentifier', as: 'member', name: ['serviceProviderName'] },
    { kind: 'client', from: 'memberIdentifiers', as: 'member' },
    { kind: 'client', from: 'subjectIds', as: 'member' },
    { kind: 'client', from: 'subjectId', as: 'member' },
    { kind: 'client', from: 'memberCode', as: 'member-code', within: 'memberClass', name: ['memberName'] },
    { kind: 'server', from: 'serverCode', as: 'text' },
    { kind: 'service', from: 'url', as: 'text' },
    { kind: 'service', from: 'urlNew', as: 'text' },
    { kind: 'service', from: 'wsdlUrl', as: 'text' },
    { kind: 'service', from: 'wsdlUrls', as: 'text' },
    { kind: 'service', from: 'serviceCode', as: 'text' },
    { kind: 'service', from: 'serviceCodes', as: 'text' },
    { kind: 'service', from: 'tsaUrl', as: 'text', name: ['tsaName'] },
    { kind: 'service', from: 'tspUrl', as: 'text', name: ['tspName'] },
    { kind: 'service', from: 'ocspUrl', as: 'text' },
    { kind: 'group', from: 'groupCode', as: 'text' },
    { kind: 'api-key', from: 'apiKeyId', as: 'alias', within: 'host' },
    { kind: 'request', from: 'managementRequestId', as: 'text' },
    { kind: 'request', from: 'requestId', as: 'text' },
    { kind: 'request', from: 'requestUrl', as: 'management-request' },
    { kind: 'file', from: 'anchorFileHash', as: 'digest' },
    { kind: 'file', from: 'uploadFileHash', as: 'digest', name: ['uploadFileName'] },
    { kind: 'file', from: 'backupFileName', as: 'text' },
  ],
  correlation: [],
  reason: [],
  actor: {},
  failureSuffix: ' failed',
});
