import { suite } from 'uvu';
import { equal } from 'uvu/assert';
import { sizeText } from '../../lib/cli/verbs/backups.ts';

const test = suite('the size of a set, as it is told');

test('leaves no volume out, and says which part they are', () => {
  equal(
    [
      sizeText({ size: 12_340_000, volumeSize: 340_000_000 }),
      sizeText({ size: 12_340_000, volumeSize: 0 }),
      sizeText({ size: 12_340_000 }),
      sizeText({}),
    ],
    ['12.3 MB + 340.0 MB of files in volumes', '12.3 MB + 0.0 MB of files in volumes', '12.3 MB', undefined],
  );
});

test.run();
