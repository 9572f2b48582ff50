/** Runs one test file in this process: `node child.ts FILE [--count]`. Tells the starter on file descriptor 3. */
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Report, recorderOf } from './recorder.ts';

/** After its last test a file has so long to let go of the event loop. Milliseconds. */
const GRACE = 3000;

const tell = (report: Report) => writeSync(3, `${JSON.stringify(report)}\n`);
const wrapper = new URL('./uvu.ts', import.meta.url).href;
const ours = new URL('./', import.meta.url).href;

registerHooks({
  // Only the wrapper itself gets the real uvu; every test file gets the wrapper, from wherever it lies.
  resolve: (specifier, context, next) =>
    specifier === 'uvu' && context.parentURL !== wrapper
      ? { url: wrapper, shortCircuit: true }
      : next(specifier, context),
});

// uvu's own switch for "a runner will call exec": .run() then only queues.
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [[null]], UVU_INDEX: 0 });

async function runTests(): Promise<void> {
  const recorder = recorderOf(globalThis);
  const { exec } = await import(new URL('uvu.ts', ours).href);
  try {
    await exec();
  } catch (error) {
    console.error('\nafter, or a hook, failed:', error);
    recorder.problems.push('a hook threw');
  }
  const report = recorder.report();
  if (report.type === 'end' && report.failed > 0) process.exitCode = 1;
  tell(report);
  setTimeout(() => {
    tell({ type: 'hanging', resources: process.getActiveResourcesInfo() });
    process.exit(1);
  }, GRACE).unref();
}

const [file = '', count] = process.argv.slice(2);
await import(pathToFileURL(resolve(file)).href);
if (count) {
  tell({ type: 'count', tests: recorderOf(globalThis).registered });
  process.exit(0);
}
await runTests();
