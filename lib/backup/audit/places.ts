import { copyOf } from '../../cluster/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { MUST_HOLD, settingText } from '../../store/index.ts';
import { copiesOf, generations } from '../escrow/generations.ts';
import { coverageOf, coveredBy, seeClaims } from '../velero/claims.ts';
import { type AuditAtHand, type AuditCheck, type Look, seen } from './at-hand.ts';

/** Each place of its own: one of the two alone opens a set, until it is the one that is lost. */
export const escrowCheck: AuditCheck = {
  id: 'audit.escrow',
  title: 'Every place of the escrow has every generation that a set needs',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'whole in each place',
  async look(of) {
    try {
      return await lookAtEscrow(of);
    } catch (error) {
      if (!isOpsError(error, 'ESCROW_ABSENT')) throw error;
      return { state: 'failed', code: error.code, got: error.message };
    }
  },
};

async function lookAtEscrow({ escrow, sets }: AuditAtHand): Look {
  const named = (await sets()).rows.flatMap(({ set }) => set?.manifest.escrowGeneration ?? []);
  const newest = (await generations(escrow)).slice(-1);
  const all = [...new Set([...named, ...newest])].sort((a, b) => a - b);
  if (all.length === 0) return { state: 'failed', code: 'ESCROW_ABSENT', got: 'no generation in any place' };
  const copies = await Promise.all(
    all.map(async generation => (await copiesOf(escrow, generation)).map(copy => ({ ...copy, generation }))),
  );
  const lacks = copies.flat().filter(({ is }) => is !== 'whole');
  const details = lacks.map(({ generation, place, is }) => `generation ${generation} in ${place}: ${is}`);
  return seen('ESCROW_ABSENT', details, `generations ${all.join(', ')}, each in ${escrow.places.length} places`);
}

/** Also those of namespaces that nobody declared: what is in no list is in no backup. */
export const volumesCheck: AuditCheck = {
  id: 'audit.volumes',
  title: 'Every volume of the cluster is covered by a source',
  source: 'site',
  level: 'L0',
  required: true,
  expected: 'none that Velero would skip without a word, in any namespace',
  async look({ site, cluster }) {
    const api = await cluster();
    const { namespaces = [], sources = [] } = site.backup ?? {};
    const [coverage, all] = await Promise.all([
      seeClaims(api, sources.includes('velero') ? namespaces : []).then(claims =>
        coverageOf(claims, coveredBy(sources)),
      ),
      api.list({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' }),
    ]);
    // A scratch copy of a namespace is gone when it was looked at.
    const looked = [...namespaces, ...namespaces.map(copyOf)];
    const undeclared = all
      .filter(({ metadata: { namespace = '' } }) => !looked.includes(namespace))
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}: its namespace is not in backup.namespaces`);
    const got = `${coverage.expected.length} volumes by velero, ${coverage.excluded.length} by other sources`;
    return seen('VOLUME_UNCOVERED', [...coverage.uncovered, ...undeclared], got);
  },
};

/** Read back from the endpoint; what it does not have is said, or wrong if it must hold; what may not be read is unknown. */
export const bucketCheck: AuditCheck = {
  id: 'audit.bucket',
  title: "The bucket's settings are as they were written",
  source: 'site',
  level: 'L0',
  required: true,
  expected: `held, or not supported by the endpoint (but ${MUST_HOLD.join(', ')})`,
  async look({ settings }) {
    const all = await settings();
    if (!all) return { state: 'failed', code: 'STORE_UNSAFE', got: 'there is no bucket' };
    const of = (state: (typeof all)[number]['state']) => all.filter(one => one.state === state);
    const lacks = of('unsupported').map(({ name }) => name);
    const wrong = all
      .filter(({ name, state }) => state === 'wrong' || (state === 'unsupported' && MUST_HOLD.includes(name)))
      .map(settingText);
    if (wrong.length > 0) return seen('STORE_UNSAFE', wrong, '');
    const unseen = of('unseen').map(({ name }) => name);
    if (unseen.length > 0)
      throw new OpsError('CHECK_UNRUN', `cannot read ${unseen.join(', ')} of the bucket with these credentials`);
    const held = of('held').map(({ name }) => name);
    return {
      state: 'passed',
      got: `${held.join(', ')} held${lacks.length > 0 ? `; the endpoint has no ${lacks.join(', ')}` : ''}`,
    };
  },
};
