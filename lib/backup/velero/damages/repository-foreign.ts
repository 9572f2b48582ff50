import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Damage } from '../../source.ts';
import { repositoryPrefix } from '../names.ts';
import { type DamageDeps, veleroPart } from './deps.ts';

/** Where a repository says how it is read; of the same password, since a foreign one would be a wrong key. */
const FORMAT = 'kopia.repository';

export const repositoryForeign = ({ kopia, scratch }: DamageDeps): Damage => ({
  id: 'velero/repository-foreign',
  title: "The repository's own file is another repository's",
  source: 'velero',
  async plant(copy) {
    const { namespace } = veleroPart(copy);
    const other = await scratch(folder =>
      kopia(copy.store.bucket, namespace, async open => {
        const config = `--config-file=${join(folder, 'other.config')}`;
        const path = join(folder, 'other');
        await open.run(['repository', 'create', 'filesystem', config, `--path=${path}`, '--flat']);
        return readFile(join(path, `${FORMAT}.f`));
      }),
    );
    await copy.store.put(`${repositoryPrefix(namespace)}${FORMAT}`, other);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
});
