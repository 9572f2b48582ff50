import { gunzipSync, gzipSync } from 'node:zlib';
import type { Damage } from '../../source.ts';
import { backupKeys } from '../names.ts';
import { bytesOf, type DamageDeps, veleroPart } from './deps.ts';

/** As after a restore that says Completed though the volume was skipped: a snapshot of nothing in place of the volume's. */
export const volumeEmpty = ({ kopia, scratch }: DamageDeps): Damage => ({
  id: 'velero/volume-empty',
  title: 'A volume comes back empty',
  source: 'velero',
  async plant(copy) {
    const { namespace, facts } = veleroPart(copy);
    const made = await scratch(folder =>
      kopia(copy.store.bucket, namespace, open => open.run(['snapshot', 'create', '--json', folder])),
    );
    const { id } = JSON.parse(made) as { id: string };
    const lost = facts.volumes[0]?.snapshot ?? '';
    const { volumes, podVolumes } = backupKeys(facts.backup);
    for (const key of [volumes, podVolumes]) {
      const text = gunzipSync(await bytesOf(copy.store, key)).toString('utf8');
      await copy.store.put(key, gzipSync(text.replaceAll(lost, id)));
    }
    await copy.reseal(manifest => ({
      ...manifest,
      sources: manifest.sources.map(part =>
        part.source !== 'velero'
          ? part
          : {
              ...part,
              facts: {
                ...part.facts,
                volumes: part.facts.volumes.map(volume =>
                  volume.snapshot === lost ? { ...volume, snapshot: id } : volume,
                ),
              },
            },
      ),
    }));
  },
  expect: { verdict: 'not verified', code: 'VOLUME_EMPTY', level: 'L4' },
});
