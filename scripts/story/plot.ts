import * as deeds from './deeds.ts';
import * as keys from './keys.ts';
import type { Month, Stage } from './scene.ts';

/**
 * A month in which a new key seals the organisation's releases. Every scene tells its records in the order of
 * time; what makes the month worth reading stands in examples/story/README.md.
 */
export async function play(stage: Stage): Promise<Month> {
  const month: Month = {
    keypair: stage.random.fork('keypair').uuid(),
    sealFiles: ['controller-5.2.0.bin', 'controller-5.2.0.msi', 'release-notes-5.2.pdf'].map((name) =>
      stage.file(name),
    ),
    anchor: stage.file('configuration_anchor_EXAMPLE_internal.xml'),
  };
  keys.startUp(stage);
  await keys.newKey(stage);
  await keys.falseFriend(stage);
  keys.archived(stage);
  keys.certified(stage, month);
  await keys.newStamp(stage);
  deeds.release(stage, month);
  deeds.anchorChange(stage, month);
  deeds.missingApproval(stage, month);
  deeds.intrusion(stage, month);
  deeds.afterwards(stage, month);
  deeds.audit(stage);
  return month;
}
