import { parseArgs } from 'node:util';
import { writeStory } from './write.ts';

const HELP = `npm run story -- [--out DIR] [--seed TEXT] [--records N]

Writes a month of audit logs of all four systems, in their own formats, with real keys, certificates and
signatures. The same seed gives the same bytes. The plot stands in examples/story/README.md.
  --out DIR     where to (default: examples/story)
  --seed TEXT   another cast: other keys, numbers and hashes (default: story)
  --records N   lines of ordinary traffic besides the plot, for benches (default: 0)`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'examples/story' },
    seed: { type: 'string', default: 'story' },
    records: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});
const routine = Number(values.records);
if (values.help) console.log(HELP);
else if (!Number.isSafeInteger(routine) || routine < 0) {
  console.error('--records must be a number of lines, 0 or more');
  process.exitCode = 2;
} else {
  const counts = await writeStory(values.out, { seed: values.seed, routine });
  for (const [file, count] of Object.entries(counts)) console.log(`${file}: ${count} records`);
}
