/** Thrown by skip(); the starter counts it, with its reason. Under bare uvu it is a failure. */
export class Skip extends Error {}

/** Inside a test: this test is skipped. Inside `before`: every test of the suite is. The reason is printed and counted. */
export function skip(reason: string): never {
  throw new Skip(reason);
}
