/** Looks every 50 ms, `tries` times at most. */
export async function until(look: () => Promise<boolean>, tries: number): Promise<void> {
  for (let n = 0; n < tries; n++) {
    if (await look()) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error('it did not come');
}
