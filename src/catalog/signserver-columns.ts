/** A column of SignServer's table AuditRecordData: one row of it is one event. */
export interface AuditColumn {
  /** As the database has it; PostgreSQL folds it to lower case. */
  readonly column: string;
  /** What SignServer's documents and pages call it; null for those that they leave out. */
  readonly name: string | null;
  /** The field of the text log that tells the same; null where the text log lacks it. */
  readonly line: string | null;
  readonly type: 'text' | 'integer';
  /** It may be NULL. */
  readonly nullable: boolean;
  /** Its place in the text that a row's protection covers, from 0; null when it is not covered. */
  readonly protectedAt: number | null;
  readonly about: string;
}

/** All columns, in the order of SignServer's own list. */
export const AUDIT_COLUMNS = [
  {
    column: 'timeStamp',
    name: 'Time',
    line: 'REPLY_TIME',
    type: 'integer',
    nullable: false,
    protectedAt: 3,
    about: 'When it happened, in ms since 1970.',
  },
  {
    column: 'eventStatus',
    name: 'Outcome',
    line: 'OUTCOME',
    type: 'text',
    nullable: false,
    protectedAt: 5,
    about: 'SUCCESS, FAILURE or VOID.',
  },
  {
    column: 'eventType',
    name: 'Event',
    line: 'EVENT',
    type: 'text',
    nullable: false,
    protectedAt: 4,
    about: 'Name of the event.',
  },
  {
    column: 'module',
    name: 'Module',
    line: 'MODULE',
    type: 'text',
    nullable: false,
    protectedAt: 8,
    about: 'Part of the server the event is of.',
  },
  {
    column: 'service',
    name: 'Service',
    line: null,
    type: 'text',
    nullable: false,
    protectedAt: 7,
    about: 'Application that wrote it: SIGNSERVER, CORE or EJBCA.',
  },
  {
    column: 'authToken',
    name: 'Admin Subject',
    line: 'ADMINISTRATOR',
    type: 'text',
    nullable: false,
    protectedAt: 6,
    about: 'Who acted: subject of a certificate, or a name such as `CLI user` or that of a service.',
  },
  {
    column: 'searchDetail1',
    name: 'Admin Serial Number',
    line: 'SERIAL_NUMBER',
    type: 'text',
    nullable: true,
    protectedAt: 10,
    about: "Serial number of the administrator's certificate, in hex.",
  },
  {
    column: 'customId',
    name: 'Admin Issuer',
    line: 'ISSUER',
    type: 'text',
    nullable: true,
    protectedAt: 9,
    about: "Issuer of the administrator's certificate.",
  },
  {
    column: 'searchDetail2',
    name: 'Worker ID',
    line: 'WORKER_ID',
    type: 'text',
    nullable: true,
    protectedAt: 11,
    about: 'The worker concerned, if one is.',
  },
  {
    column: 'nodeId',
    name: 'Node',
    line: null,
    type: 'text',
    nullable: false,
    protectedAt: 1,
    about: 'The node that wrote the row: the name of its host, unless set.',
  },
  {
    column: 'additionalDetails',
    name: 'Details',
    line: 'details',
    type: 'text',
    nullable: true,
    protectedAt: 12,
    about: 'The other fields of the event, as XML of `java.beans.XMLEncoder`.',
  },
  {
    column: 'sequenceNumber',
    name: 'Sequence Number',
    line: null,
    type: 'integer',
    nullable: false,
    protectedAt: 2,
    about: 'Number of the row among those of its node, from 0 without gap.',
  },
  {
    column: 'rowProtection',
    name: 'Row Protection',
    line: null,
    type: 'text',
    nullable: true,
    protectedAt: null,
    about: 'Signature or code over the row, with versions and key: `1:2:400:079b…`.',
  },
  {
    column: 'pk',
    name: null,
    line: null,
    type: 'text',
    nullable: false,
    protectedAt: 0,
    about: 'Primary key: 32 hex digits that tell nothing to rely on.',
  },
  {
    column: 'rowVersion',
    name: null,
    line: null,
    type: 'integer',
    nullable: false,
    protectedAt: null,
    about: 'Counter of the database layer.',
  },
] as const satisfies readonly AuditColumn[];

export type AuditColumnName = (typeof AUDIT_COLUMNS)[number]['column'];
