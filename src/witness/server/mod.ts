export { type Conflict, type ConflictKind, WitnessDatabase, type WitnessedLog } from './database.ts';
export { DEFAULT_WITNESS_PORT, startWitness, type WitnessServer, type WitnessServerOptions } from './http.ts';
export { type ListedLog, type Listing, listing } from './listing.ts';
export { Witness, type WitnessAnswer, type WitnessOptions } from './witness.ts';
