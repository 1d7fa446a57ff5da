import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CATALOG, signserver } from '../../src/catalog/mod.ts';
import { AUDIT_COLUMNS } from '../../src/catalog/signserver-columns.ts';
import { SIGNSERVER_TEXT } from '../../src/dialects/signserver/dialect.ts';
import { type AuditRow, printAuditRow, readAuditRow } from '../../src/dialects/signserver/row.ts';
import { readAdditionalDetails, writeAdditionalDetails } from '../../src/dialects/signserver/xml.ts';
import { DialectError } from '../../src/errors.ts';
import type { Json, RecordDraft } from '../../src/record/types.ts';
import { checkDraft } from '../../src/record/validate.ts';
import { runs } from '../runs.ts';
import { records } from './helpers.ts';
import { detailsOf, eventsOf, gentleText, hostileText, native } from './round-trip.ts';
import { readShared, skipWithoutShared as skip } from './shared.ts';

const JAVA = '<java version="17.0.12" class="java.beans.XMLDecoder">';
const MAP = '<object class="org.cesecore.util.Base64PutHashMap">';

/** The XML of one field with this value element. */
function xml(value: string, name = 'F'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${JAVA}\n ${MAP}\n  <void method="put">\n   <string>${name}</string>\n   ${value}\n  </void>\n </object>\n</java>\n`;
}

function read(value: string): Json | undefined {
  return readAdditionalDetails(xml(value)).fields[0]?.[1];
}

describe('additionalDetails, read', () => {
  for (const [value, expected] of [
    ['<string>a</string>', 'a'],
    ['<string></string>', ''],
    ['<string/>', ''],
    ['<string>&lt;a b=&quot;c&quot;&gt; &amp;amp; &apos;</string>', '<a b="c"> &amp; \''],
    ['<string>a&#13;\n&#x41;b ]]> --</string>', 'a\r\nAb ]]> --'],
    ['<string>a\r\nb\rc</string>', 'a\nb\nc'],
    ['<string>a<char code="#1"/><char code="#1f"/><char code="65"/></string>', 'a\u0001\u001fA'],
    ['<string>B64:w6QK</string>', 'ä\n'],
    ['<string>b64:w6QK</string>', 'ä\n'],
    ['<string>B64:no base64</string>', 'B64:no base64'],
    ['<string>B64:/w==</string>', 'B64:/w=='],
    ['<string>B64:</string>', 'B64:'],
    ['<null/>', null],
    ['<boolean>true</boolean>', true],
    ['<int>-7</int>', -7],
    ['<long>1359550503607</long>', 1_359_550_503_607],
    ['<long>9223372036854775807</long>', '9223372036854775807'],
    ['<double>1.5E-7</double>', 1.5e-7],
    ['<double>NaN</double>', 'NaN'],
    ['<object class="java.util.Date"><long>5</long></object>', 5],
    ['<object class="java.util.ArrayList"/>', []],
    [
      '<object class="java.util.ArrayList">\n<void method="add"><string>a</string></void><void method="add"><null/></void></object>',
      ['a', null],
    ],
  ] as const) {
    test(value.slice(0, 60), () => assert.deepEqual(read(value), expected));
  }

  test('flags what is not as it claims to be', () => {
    assert.deepEqual(readAdditionalDetails(xml('<string>B64:?</string>')).flags, ['malformed-value']);
    assert.deepEqual(readAdditionalDetails(xml('<string>B64:AA==</string>')).flags, ['nul-byte']);
    assert.deepEqual(readAdditionalDetails(xml('<string><char code="#d800"/></string>')).flags, [
      'lone-surrogate',
    ]);
    assert.deepEqual(readAdditionalDetails(xml('<double>Infinity</double>')).flags, ['number-as-text']);
  });

  test('maps of other classes and ages, empty, with a field put twice', () => {
    for (const name of ['org.ejbca.util.Base64PutHashMap', 'java.util.LinkedHashMap', 'java.util.HashMap'])
      assert.deepEqual(readAdditionalDetails(`${JAVA}<object class="${name}"/></java>`).fields, []);
    assert.deepEqual(
      readAdditionalDetails(`${JAVA.replace('17.0.12', '1.6.0_24')}${MAP}</object></java>`).fields,
      [],
    );
    const twice = `<void method="put"><string>A</string><string>1</string></void>`.repeat(2);
    assert.equal(readAdditionalDetails(`${JAVA}${MAP}${twice}</object></java>`).fields.length, 2);
  });
});

describe('additionalDetails, refused', () => {
  const dtd = '<!DOCTYPE java [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
  for (const [name, text] of [
    ['nothing', ''],
    ['a document type', dtd + xml('<string>a</string>')],
    ['a document type behind the declaration', xml('<string>a</string>').replace('?>\n', `?>\n${dtd}`)],
    ['an entity', xml('<string>&x;</string>')],
    ['an entity of HTML', xml('<string>&nbsp;</string>')],
    ['a bare ampersand', xml('<string>a & b</string>')],
    ['a reference to no character', xml('<string>&#0;</string>')],
    ['a reference to a surrogate', xml('<string>&#xd800;</string>')],
    ['a reference beyond Unicode', xml('<string>&#x110000;</string>')],
    ['a control character', xml('<string>\u0001</string>')],
    ['a char beyond the last', xml('<string><char code="99999"/></string>')],
    ['a comment', xml('<string>a<!-- b --></string>')],
    ['a CDATA section', xml('<string><![CDATA[a]]></string>')],
    ['an instruction', xml('<string>a</string><?x y?>')],
    ['markup in a string', xml('<string><b>a</b></string>')],
    ['a class as value', xml('<object class="java.lang.ProcessBuilder"/>')],
    [
      'a class as map',
      xml('<string>a</string>').replace('org.cesecore.util.Base64PutHashMap', 'java.lang.Runtime'),
    ],
    ['a call', xml('<string>a</string>').replace('method="put"', 'method="exec"')],
    ['a call of a list', xml('<object class="java.util.ArrayList"><void method="clear"></void></object>')],
    [
      'a property',
      xml('<object class="java.util.Date"><void property="time"><long>1</long></void></object>'),
    ],
    ['a method of a value', xml('<object class="java.util.Date" method="from"><long>1</long></object>')],
    ['an id', xml('<string id="a">a</string>')],
    ['a reference to an object', xml('<object idref="a"/>')],
    ['a name that is no string', xml('<string>a</string>').replace('<string>F</string>', '<int>1</int>')],
    ['no value', xml('')],
    ['two values', xml('<string>a</string><string>b</string>')],
    ['text between', xml('text <string>a</string>')],
    ['something behind', `${xml('<string>a</string>')}<java/>`],
    ['an end that is missing', xml('<string>a</string>').replace('</java>', '')],
    ['an end of another', xml('<string>a</int>')],
    ['a boolean of another word', xml('<boolean>yes</boolean>')],
    ['a number of other letters', xml('<long>0x10</long>')],
    ['an empty number', xml('<int></int>')],
    ['a date of text', xml('<object class="java.util.Date"><string>1</string></object>')],
    ['a date of no ms', xml('<object class="java.util.Date"><int>1</int></object>')],
    ['another decoder', xml('<string>a</string>').replace('java.beans.XMLDecoder', 'evil.Decoder')],
    ['another encoding', xml('<string>a</string>').replace('UTF-8', 'UTF-7')],
    [
      'lists nested without end',
      xml('<object class="java.util.ArrayList"><void method="add">'.repeat(50_000)),
    ],
    [
      'fields without end',
      `${JAVA}${MAP}${'<void method="put"><string>a</string><null/></void>'.repeat(10_001)}</object></java>`,
    ],
    ['text without end', xml(`<string>${'a'.repeat(16 * 1024 * 1024)}</string>`)],
  ] as const) {
    test(name, () => {
      const begun = performance.now();
      assert.throws(
        () => readAdditionalDetails(text),
        (error) => error instanceof DialectError && error.code === 'XML_REFUSED' && 'at' in error.context,
      );
      assert.ok(performance.now() - begun < 2000);
    });
  }

  test('or read, but never anything else', () => {
    const pieces = fc.constantFrom(
      ...[
        JAVA,
        MAP,
        '</object>',
        '</java>',
        '<void method="put">',
        '<void method="add">',
        '</void>',
        '<string>',
      ],
      ...[
        '</string>',
        '<null/>',
        'a',
        ' ',
        '&lt;',
        '&#65;',
        '<char code="#1"/>',
        '<long>1</long>',
        'B64:QQ==',
        '<',
      ],
      '<object class="java.util.ArrayList">',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), fc.boolean(), (parts, whole) => {
        const text = whole ? xml(parts.join('')) : parts.join('');
        try {
          const { fields } = readAdditionalDetails(text);
          assert.deepEqual(readAdditionalDetails(writeAdditionalDetails(fields)).fields, fields);
        } catch (error) {
          assert.ok(error instanceof DialectError, String(error));
        }
      }),
      { numRuns: runs(2000) },
    );
  });
});

describe('additionalDetails, written', () => {
  test('as the encoder of Java does', () => {
    assert.equal(
      writeAdditionalDetails([
        ['KEYALIAS', 'key1'],
        ['a<"', "it's"],
        ['X', 'ä'],
      ]),
      `<?xml version="1.0" encoding="UTF-8"?>
<java version="17.0.12" class="java.beans.XMLDecoder">
 <object class="org.cesecore.util.Base64PutHashMap">
  <void method="put">
   <string>KEYALIAS</string>
   <string>key1</string>
  </void>
  <void method="put">
   <string>a&lt;&quot;</string>
   <string>it&apos;s</string>
  </void>
  <void method="put">
   <string>X</string>
   <string>B64:w6Q=</string>
  </void>
 </object>
</java>
`,
    );
    assert.match(
      writeAdditionalDetails([]),
      / <object class="org.cesecore.util.Base64PutHashMap"\/>\n<\/java>\n$/,
    );
  });

  test('and read back: any names and values', () => {
    const value = fc.oneof(
      hostileText,
      fc.constantFrom('B64:', 'b64:QQ==', null, true, false, 0, -1, 1.5, 1e300, 5e-324),
      fc.array(hostileText, { maxLength: 3 }),
    ) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(fc.array(fc.tuple(hostileText, value), { maxLength: 5 }), (fields) => {
        assert.deepEqual(readAdditionalDetails(writeAdditionalDetails(fields)), { fields, flags: [] });
      }),
      { numRuns: runs(300) },
    );
  });
});

const ROW: AuditRow = {
  pk: '0f53ae94c000020a5b2f9c10ce6a4ca8',
  nodeId: 'n1',
  sequenceNumber: 7,
  timeStamp: 1_772_439_330_123,
  eventType: 'KEYGEN',
  eventStatus: 'SUCCESS',
  authToken: 'CN=Ann',
  service: 'SIGNSERVER',
  module: 'KEY_MANAGEMENT',
  customId: 'CN=CA',
  searchDetail1: '1a2b',
  searchDetail2: '7',
  additionalDetails: xml('<string>k1</string>', 'KEYALIAS'),
  rowProtection: null,
  rowVersion: 0,
};
const PLACE = { pk: 'p', nodeId: 'n1', sequenceNumber: 7 };

describe('rows', () => {
  test('become records', () => {
    const { raw, ...record } = readAuditRow(ROW);
    assert.deepEqual(record, {
      time: 1_772_439_330_123,
      system: 'signserver',
      event: 'KEYGEN',
      module: 'KEY_MANAGEMENT',
      service: 'SIGNSERVER',
      outcome: 'success',
      actor: { name: 'CN=Ann', issuer: 'CN=CA', serial: '1a2b' },
      details: { WORKER_ID: '7', KEYALIAS: 'k1' },
      dialect: 'signserver-row/1',
    });
    assert.deepEqual(JSON.parse((raw as { readonly text: string }).text), ROW);
  });

  test('whatever the driver makes of names and numbers', () => {
    const lower = Object.fromEntries(Object.entries(ROW).map(([name, value]) => [name.toLowerCase(), value]));
    const big = { ...ROW, timeStamp: 1_772_439_330_123n, sequenceNumber: '7', rowVersion: '0' };
    for (const row of [lower, big]) assert.deepEqual(readAuditRow(row), readAuditRow(ROW));
  });

  test('are kept when they are damaged', () => {
    const flagged = (changed: Partial<AuditRow>, fallback?: number): RecordDraft =>
      checkDraft(readAuditRow({ ...ROW, ...changed } as AuditRow, fallback));
    assert.deepEqual(flagged({ additionalDetails: '<x>' }).details, {
      WORKER_ID: '7',
      additionalDetails: '<x>',
    });
    assert.deepEqual(flagged({ additionalDetails: '<x>' }).flags, ['malformed-value']);
    assert.deepEqual(flagged({ eventStatus: 'MAYBE' }).flags, ['unknown-outcome']);
    assert.deepEqual(flagged({ eventType: 'X' }).flags, ['unknown-event']);
    assert.deepEqual(
      [flagged({ timeStamp: 'x' }, 5).time, flagged({ timeStamp: 'x' }).flags],
      [5, ['time-uncertain']],
    );
    assert.deepEqual(flagged({ eventType: null }).event, 'UNPARSED');
    assert.deepEqual(checkDraft(readAuditRow({})).event, 'UNPARSED');
    assert.deepEqual(flagged({ authToken: 'a\0\ud800' }).actor?.name, 'a\ufffd\ufffd');
    assert.equal(flagged({ authToken: 'x'.repeat(9000) }).actor?.name?.length, 4096);
  });

  test('columns stand in the order of the protected text', () => {
    const order = AUDIT_COLUMNS.filter(({ protectedAt }) => protectedAt !== null)
      .toSorted((a, b) => a.protectedAt! - b.protectedAt!)
      .map(({ column }) => column);
    assert.deepEqual(
      order.join(),
      'pk,nodeId,sequenceNumber,timeStamp,eventType,eventStatus,authToken,service,module,customId,searchDetail1,' +
        'searchDetail2,additionalDetails',
    );
    assert.deepEqual(new Set(Object.keys(ROW)), new Set(AUDIT_COLUMNS.map(({ column }) => column)));
  });

  for (const [name, text] of [
    ['gentle', gentleText],
    ['any', hostileText],
  ] as const) {
    test(`of every event come back, with ${name} values`, () => {
      const short = text.map((value) => value.slice(0, 1024).toWellFormed());
      const drafts = eventsOf(signserver[CATALOG]).chain((event) =>
        fc
          .tuple(
            detailsOf(signserver[CATALOG], event, text),
            short,
            fc.constantFrom('success', 'failure', 'void'),
          )
          .map(([details, actor, outcome]) => ({
            ...{ time: 5, system: 'signserver', event: event.event, service: 'CORE', outcome },
            ...(event.part === null ? {} : { module: event.part }),
            ...(actor === '' ? {} : { actor: { name: actor } }),
            ...(Object.keys(details).length === 0 ? {} : { details: { ...details } }),
          })),
      );
      fc.assert(
        fc.property(drafts, (draft) => {
          const record = checkDraft(draft);
          const { row, flags } = printAuditRow(record, PLACE);
          const back = readAuditRow(row);
          assert.deepEqual(back.details, record.details);
          assert.deepEqual([back.event, back.module, back.time], [record.event, record.module, record.time]);
          if (!flags.includes('no-place')) {
            assert.equal(back.outcome, record.outcome);
            assert.equal(back.actor?.name, record.actor?.name);
          }
          const again = printAuditRow(back, PLACE);
          assert.deepEqual([again.row, again.flags], [{ ...row, eventStatus: again.row.eventStatus }, []]);
          assert.deepEqual(native(readAuditRow(again.row)), native(back));
        }),
        { numRuns: runs(200) },
      );
    });
  }
});

describe('samples', { skip }, () => {
  const rows = (name: string): AuditRow[] =>
    Buffer.from(readShared(`samples/signserver/${name}.ndjson`))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRow);

  for (const [name, count] of [
    ['auditrecorddata/signserver-1', 132],
    ['auditrecorddata/signserver-2', 26],
    ['seed-004-rows', 4],
  ] as const) {
    test(`${name}: XML comes back byte for byte, but for the version of Java`, () => {
      const all = rows(name);
      assert.equal(all.length, count);
      for (const { additionalDetails } of all) {
        const stored = String(additionalDetails);
        const { fields, flags } = readAdditionalDetails(stored);
        assert.deepEqual(flags, []);
        assert.equal(
          writeAdditionalDetails(fields),
          stored.replace('version="1.6.0_24"', 'version="17.0.12"'),
        );
      }
    });

    test(`${name}: rows come back`, () => {
      for (const row of rows(name)) {
        const record = readAuditRow(row);
        const { pk, nodeId, sequenceNumber } = row;
        const { row: back, flags } = printAuditRow(record, { pk, nodeId, sequenceNumber } as typeof PLACE);
        const { rowProtection: _, rowVersion: __, additionalDetails: ___, eventStatus, ...same } = row;
        const { rowProtection: _a, rowVersion: _b, additionalDetails, ...written } = back;
        const deduced = record.flags?.includes('outcome-deduced') === true;
        assert.deepEqual(written, { ...same, eventStatus: deduced ? 'FAILURE' : eventStatus });
        assert.deepEqual([flags, native(readAuditRow(back))], [[], native(record)]);
        if (additionalDetails === null)
          assert.deepEqual(readAdditionalDetails(String(row.additionalDetails)).fields, []);
      }
    });
  }

  test('a row says what the entry of the text log says', () => {
    const all = records(SIGNSERVER_TEXT, readShared('samples/signserver/signserver_audit.log')).filter(
      ({ flags }) => !flags?.includes('ambiguous') && !flags?.includes('possible-forgery'),
    );
    const read = rows('auditrecorddata/signserver-1').map((row) => readAuditRow(row));
    assert.equal(all.length, read.length - 2);
    for (const record of all) {
      const row = read.find(({ time, event }) => time === record.time && event === record.event);
      assert.ok(row !== undefined, `${record.time} ${record.event}`);
      const { service, ...same } = native(row);
      assert.equal(service, 'SIGNSERVER');
      assert.deepEqual(same, native(record));
    }
  });
});
