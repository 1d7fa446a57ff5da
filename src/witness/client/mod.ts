export { type Asked, type AskSettings, askWitness, fetchHeld, type ShownLog } from './ask.ts';
export { witnessCheck } from './health.ts';
export {
  type Cosigned,
  provenAlarms,
  readCosigned,
  shownByAlarms,
  unprovenAlarms,
  type WitnessAlarm,
  type WitnessConfig,
  witnessPrefix,
} from './kept.ts';
export {
  alarmText,
  type WitnessedLog,
  Witnesses,
  type WitnessOutcome,
  type WitnessSettings,
  type WitnessStatus,
} from './witnesses.ts';
