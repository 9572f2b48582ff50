import { applyIn } from './world.ts';

/** One bootstrap of the tests' site in a process that may be killed. */
await applyIn(process.argv[2] ?? '');
