/** Restores as a person asks for them: which set, up to which moment, whether it fits, and what lies beside the original. */
export { besideOf, discardNamespacesStep, scopedPart } from './beside.ts';
export { databaseFitStep } from './fit.ts';
export { chooseSet, chooseSetAt, momentOf } from './moment.ts';
export { replayedCheck } from './replayed.ts';
export { roomStep } from './room.ts';
export { discardScratchStep, scratchOfRun, scratchStep } from './scratch.ts';
